# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints how the releases are doing, as records of three fields, each ended by a NUL:
#   now    -                 unix seconds
#   status <pod>/<version>   content of .pod.status, as far as it is sane
#   routes -                 content of portmappings.conf, if there is one
#   sockets -                TCP connections to the ports asked for, `<address>:<port> <state>` a line, all
#                            in hexadecimal as the kernel has it; absent where it does not tell
# Changes nothing. Arguments: host home; local ports, four hexadecimal digits each.
enter_home "$1"
require_initialised
printf '%s\0' now - "$(date +%s)"
for file in pods/*/release/*/.pod.status; do
	[ -f "$file" ] || continue
	release=${file%/.pod.status}
	pod=${release#pods/}
	pod=${pod%%/*}
	printf '%s\0' status "$pod/${release##*/}" "$(head -c 65536 "$file" | tr -d '\000')"
done
if [ -f portmappings.conf ]; then printf '%s\0' routes - "$(tr -d '\000' <portmappings.conf)"; fi
shift
if [ $# -gt 0 ] && [ -r /proc/net/tcp ]; then
	set -- "$*" /proc/net/tcp
	[ ! -r /proc/net/tcp6 ] || set -- "$@" /proc/net/tcp6
	ports=$1
	shift
	printf '%s\0' sockets - "$(cat -- "$@" | awk -v ports=" $ports " '
		{ n = split($2, at, ":") }
		n == 2 && index(ports, " " at[2] " ") { print $2, $4 }')"
fi
