# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# What the programs that print logs share. They print lines of these forms:
#   <seconds>.<nanoseconds> <source> <text>   a log line; 20 characters of time
#   live                                      the past is printed, in order; what comes now is not sorted
#   note <source> <text>                      a remark
#   fail <source> <text>                      a source has no (further) lines, and why
exec 3>&1

tell() { # note or fail, source, text
	printf '%s %s %s\n' "$1" "$2" "$(printf '%s' "$3" | tr '\n' ' ')" >&3
}

# An awk that hands on each line at once.
live_awk() {
	case $(awk -W version 2>&1 </dev/null) in
	mawk*) awk -W interactive "$@" ;; # else it holds lines back until a block is full
	*) awk "$@" ;;
	esac
}

# The past ends two seconds ago: what was written until then is in the files.
now=$(date +%s)
past_end=$((now - 2))

# Ends when whoever asked is gone: its end, or that of the connection, closes stdin. Then nothing of
# this program may go on, and the group is this program's own.
end_with_input() {
	exec 6<&0
	{
		cat <&6 >/dev/null
		kill -TERM $$
	} >/dev/null 3>&- &
	trap 'trap "" TERM; end_group; exit 143' TERM
	trap 'trap "" TERM; end_group' EXIT
}
end_group() {
	read -r _ _ _ _ group _ </proc/$$/stat
	if [ "$group" = $$ ]; then kill -TERM 0 2>/dev/null; fi
}
