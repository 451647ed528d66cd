# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Receives a tar on stdin, checks it, and brings what is in it into place as its `manifest` says:
#   release <pod> <version>         a whole release that is not here, without its pod.state
#   config <pod> <version> <name>   replace the content of a config directory
#   unconfig <pod> <version> <name> remove a config directory
#   file <pod> <version> <name>     replace a file of a release
#   unfile <pod> <version> <name>   remove a file of a release
#   hosts                           replace hosts.conf
#   state <pod> <version> <state>   set pod.state to the file states/<pod>/<version> of the tar
#   chain                           replace commit-chain.txt
# Operations are done in the order given. Each leaves its release old or new, or marked so that the next
# sync does it again: a config has no checksum file while its files are exchanged.
# Arguments: host home, token, fence, sha256 of the tar, number of the step to die at (tests only).
token=$2 fence=$3 sum=$4 die_at=${5-}

# Counts the steps that change the live files; in tests the program dies at one of them.
step() {
	[ -n "$die_at" ] || return 0
	echo >>"$staging/steps"
	[ "$(wc -l <"$staging/steps")" -lt "$die_at" ] && return
	kill -9 $$
	exit 9
}

# Ends the program. A sync that took the lock over has removed what came so far: that is told then.
not_received() { # message
	take_mutex
	require_lock "$token" "$fence"
	fail 1 "$1"
}

receive() {
	remove_trees "$staging" && mkdir -m 700 "$staging" "$staging/data" ||
		fail 1 "cannot make $home/$staging"
	cat >"$staging/tar" || not_received "cannot write to $home"
	[ -f "$staging/tar" ] || not_received "$home/$staging is gone"
	got=$(sha256sum <"$staging/tar") || not_received "cannot run sha256sum"
	[ "${got%% *}" = "$sum" ] || not_received "the data arrived damaged (checksum ${got%% *} instead of $sum)"
	# -p: modes as sent; -o: owned by this user, whoever packed it.
	tar -xpo -f "$staging/tar" -C "$staging/data" || not_received "cannot unpack the data in $home"
	rm -f "$staging/tar"
	# What is renamed into place has to be on the disk.
	sync -f "$staging" 2>/dev/null || sync
}

put_release() { # release
	mkdir -p "${1%/*}" || return 1
	if [ -f "$1/pod.state" ]; then
		echo "$home/$1 is there already" >&2
		return 1
	fi
	step
	# Without a pod.state it is no release of ours: the rest of something that was cut off.
	remove_trees "$1" || return 1
	step
	mv "$staging/data/$1" "$1"
}

put_config() { # release, name
	mkdir -p "$1/config" || return 1
	step
	rm -f "$1/config/$2.txt" || return 1
	if is_directory "$1/config/$2"; then
		replace_tree "$staging/data/$1/config/$2" "$1/config/$2" || return 1
	else
		step
		remove_trees "$1/config/$2" && move "$staging/data/$1/config/$2" "$1/config/$2" || return 1
	fi
	step
	mv -f "$staging/data/$1/config/.$2.shape" "$1/config/.$2.shape" &&
		mv -f "$staging/data/$1/config/$2.txt" "$1/config/$2.txt"
}

remove_config() { # release, name
	step
	# The checksum first: with one, the next sync takes what is left of the config for all of it.
	rm -f "$1/config/$2.txt" "$1/config/.$2.shape" || return 1
	step
	remove_trees "$1/config/$2"
}

put_file() { # path below the host home
	step
	mv -f "$staging/data/$1" "$1"
}

remove_file() { # path
	step
	rm -f "$1"
}

put_state() { # release, its pod and version with a slash between
	step
	mv -f "$staging/data/states/$2" "$1/pod.state"
}

perform() { # operation, pod, version, name or state
	release=pods/$2/release/$3
	case $1 in
	release) put_release "$release" ;;
	config) put_config "$release" "$4" ;;
	unconfig) remove_config "$release" "$4" ;;
	file) put_file "$release/$4" ;;
	unfile) remove_file "$release/$4" ;;
	state) put_state "$release" "$2/$3" ;;
	hosts) put_file hosts.conf ;;
	chain) put_file commit-chain.txt ;;
	*) fail 1 "unknown operation $1" ;;
	esac || fail 1 "cannot do: $*"
}

enter_home "$1"
require_initialised
staging=.sns-staging.$fence
trap 'remove_trees "$staging"' EXIT
trap 'exit 1' HUP INT TERM
receive
take_mutex
require_lock "$token" "$fence"
# From here on everything needed is here: a cut connection must not leave the work half done.
trap '' HUP INT TERM
for old in .sns-staging.*; do
	[ "$old" = "$staging" ] || remove_trees "$old"
done
# What was cut off between writing and renaming; nobody else writes these now.
rm -f .sns-lock.sns-new.* lock-token.txt.sns-new.*
while read -r operation pod version name; do
	# Older programs take a lock over when its file is 10 seconds old.
	touch lock-token.txt
	perform "$operation" "$pod" "$version" "$name"
done <"$staging/data/manifest"
