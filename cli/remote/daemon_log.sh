# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints what the daemon wrote to the journal, by time: as root, by sudo, or as this user may.
# Arguments: yes to follow, unix seconds to begin at, number of last lines (0: all).
follow=$1 since=$2 tail=$3
command -v journalctl >/dev/null 2>&1 || {
	echo "journalctl is missing on this host: the daemon's log is where its stderr goes" >&2
	exit 1
}
if [ "$tail" = 0 ]; then tail=all; fi

journal() { # options of journalctl
	set -- journalctl -q -u simplenetesd --no-pager -o short-unix "$@"
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif sudo -n true 2>/dev/null; then
		sudo -n "$@"
	else
		"$@"
	fi
}

# "<seconds>.<microseconds> <machine> <text>" in the form of the lines here; others belong to the one before.
as_lines() {
	live_awk '
		/^[0-9]+\.[0-9]+ / {
			split($1, part, ".")
			time = sprintf("%010d.%s", part[1], substr(part[2] "000000000", 1, 9))
			sub(/^[^ ]* [^ ]* ?/, "")
		}
		time != "" { print time " 0 " $0; fflush() }'
}

if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
	tell note 0 "not root and no sudo there: the journal may have less to show"
fi
if [ "$follow" = yes ]; then end_with_input; fi
print() { # options of journalctl
	{ said=$(journal "$@" 2>&1 >&5) || tell fail 0 "${said:-journalctl ended with $?}"; } 5>&1 | as_lines
}
if [ "$follow" != yes ]; then
	print --since "@$since" -n "$tail"
	exit 0
fi
[ "$since" -ge "$past_end" ] || print --since "@$since" --until "@$((past_end - 1)).999999" -n "$tail"
echo live
if [ "$since" -lt "$past_end" ]; then since=$past_end; fi
print --since "@$since" -n all -f &
wait $!
