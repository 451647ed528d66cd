# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints what releases wrote, by time; a release's source is its place among the arguments, from 0.
# Arguments: host home, yes to follow, unix seconds to begin at, number of last lines (0: all), streams,
# columns for pods that print no JSON, yes for the supervisors alone, number of releases, releases as
# <pod>/<version>, containers.
enter_home "$1"
follow=$2 since=$3 tail=$4 streams=$5 details=$6 supervisor=$7 count=$8
shift 8
releases=
while [ "$count" -gt 0 ]; do
	releases="$releases $1"
	count=$((count - 1))
	shift
done
if [ "$supervisor" = yes ]; then set -- -p "$@"; fi

# Changes to a release; sets "json" when its pod prints its logs so, and can follow.
enter_release() { # source, release
	cd "pods/${2%%/*}/release/${2#*/}" 2>/dev/null && [ -x pod ] || {
		tell fail "$1" "there is no $home/pods/${2%%/*}/release/${2#*/}/pod; was it synced?"
		return 1
	}
	case $(./pod help 2>/dev/null) in
	*--follow*--json*) json=yes ;;
	*) json=no ;;
	esac
}

# The lines until "past_end" when following, else all.
print_past() ( # source, release, containers
	source=$1
	enter_release "$1" "$2" || exit 0
	shift 2
	until=9999999999
	if [ "$follow" = yes ]; then until=$past_end; fi
	if [ "$json" = yes ]; then
		{ said=$(./pod logs --json -t "$since" -l 0 -s "$streams" "$@" 2>&1 >&5) || tell fail "$source" "${said:-the pod ended with $?}"; } 5>&1 |
			awk -v n="$source" -v until="$until" 'substr($0, 9, 10) + 0 < until { print substr($0, 9, 20) " " n " " $0 }'
	else
		{ said=$(./pod logs -t "$since" -l 0 -s "$streams" -d "$details" "$@" 2>&1 >&5) || tell fail "$source" "${said:-the pod ended with $?}"; } 5>&1 |
			awk -v n="$source" '
				BEGIN { time = "0000000000.000000000" }
				/^[0-9]+( |$)/ { time = sprintf("%010d.000000000", $1) }
				{ print time " " n " " $0 }'
		if [ "$follow" = yes ]; then tell fail "$source" "this pod can't be followed: another program compiled it"; fi
	fi
)

print_live() ( # source, release, containers
	source=$1
	enter_release "$1" "$2" && [ "$json" = yes ] || exit 0
	shift 2
	{ said=$(./pod logs --json -f -t "$past_end" -l 0 -s "$streams" "$@" 2>&1 >&5) || tell fail "$source" "${said:-the pod ended with $?}"; } 5>&1 |
		live_awk -v n="$source" '{ print substr($0, 9, 20) " " n " " $0; fflush() }'
)

each_release() { # function, containers
	function=$1
	shift
	source=0
	for release in $releases; do
		"$function" "$source" "$release" "$@"
		source=$((source + 1))
	done
}

# Those of several releases are put in order; one has them in order.
order() {
	case $releases in
	' '*' '*) sort -s -k 1,1 ;;
	*) cat ;;
	esac
}

last_lines() {
	if [ "$tail" -gt 0 ]; then tail -n "$tail"; else cat; fi
}

if [ "$follow" = yes ]; then end_with_input; fi
each_release print_past "$@" | order | last_lines
[ "$follow" = yes ] || exit 0
echo live
start_live() {
	print_live "$@" &
	followers="$followers $!"
}
followers=
each_release start_live "$@"
# shellcheck disable=SC2086 # numbers
wait $followers
