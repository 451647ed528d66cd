# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints how the releases are doing, as records of three fields, each ended by a NUL:
#   now    -                 unix seconds
#   status <pod>/<version>   content of .pod.status, as far as it is sane
# Changes nothing. Arguments: host home.
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
