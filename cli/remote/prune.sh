# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Removes the releases that are removed and gone. Prints a line for each release in state removed:
#   removable <pod> <version> <kilobytes>   it would be removed (without a fence)
#   pruned <pod> <version> <kilobytes>      it was
#   kept <pod> <version> <reason>
# Arguments: host home, remove volumes (yes or no), token and fence of the lock; without these two it
# only looks.
enter_home "$1"
require_initialised
volumes=$2 token=${3-} fence=${4-}
failures=0

# Why a release may not be removed yet; empty when it may.
reason_to_keep() { # release
	status=
	if [ -f "$1/.pod.status" ]; then status=$(sed -n 's/^status: *//p' "$1/.pod.status" | head -n 1); fi
	case $status in
	'' | removed) ;;
	*)
		echo "it is still $status"
		return
		;;
	esac
	if grep -qF " $PWD/$1/" /proc/mounts 2>/dev/null; then echo "something is mounted in it"; fi
}

remove_volumes() { # release
	[ "$volumes" = yes ] && [ -x "$1/pod" ] || return 0
	(cd "$1" && ./pod purge --shared) >&2 </dev/null 9>&-
}

prune() { # release, pod, version, kilobytes
	if ! remove_volumes "$1"; then
		printf 'kept %s %s its volumes could not be removed\n' "$2" "$3"
		return 1
	fi
	# Moved first: a release is there as a whole or not at all. The next sync clears such a directory.
	if ! mv "$1" "$staging/$2.$3" || ! remove_trees "$staging/$2.$3"; then
		printf 'kept %s %s it could not be removed\n' "$2" "$3"
		return 1
	fi
	rmdir "pods/$2/release" "pods/$2" 2>/dev/null
	printf 'pruned %s %s %s\n' "$2" "$3" "$4"
}

if [ -n "$token" ]; then
	take_mutex
	require_lock "$token" "$fence"
	staging=.sns-staging.$fence
	trap 'remove_trees "$staging"' EXIT
	trap 'exit 1' HUP INT TERM
	remove_trees "$staging" && mkdir -m 700 "$staging" || fail 1 "cannot make $home/$staging"
fi
for release in pods/*/release/*/; do
	release=${release%/}
	first_line "$release/pod.state"
	[ "$line" = removed ] || continue
	version=${release##*/}
	pod=${release#pods/}
	pod=${pod%%/*}
	reason=$(reason_to_keep "$release")
	size=$(du -sk "$release" 2>/dev/null)
	size=${size%%[!0-9]*}
	if [ -n "$reason" ]; then
		printf 'kept %s %s %s\n' "$pod" "$version" "$reason"
	elif [ -z "$token" ]; then
		printf 'removable %s %s %s\n' "$pod" "$version" "${size:-0}"
	else
		touch lock-token.txt
		prune "$release" "$pod" "$version" "${size:-0}" || failures=1
	fi
done
[ "$failures" -eq 0 ]
