# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints what a host home holds, as records of four fields, each ended by a NUL:
#   id     - -  content of cluster-id.txt
#   chain  - -  content of commit-chain.txt
#   hosts  - -  content of hosts.conf, with an x behind it to keep its end
#   fence  - -  number of the last lock
#   release <pod> <version>  content of pod.state
#   config  <pod>/<version> <name>  checksum and shape that were stored, - for none
#   sums   - -  output of sha256sum for the files of the releases
# Changes nothing. Arguments: host home.
record() {
	printf '%s\0' "$1" "$2" "$3" "$4"
}

enter_home "$1"
require_initialised
first_line cluster-id.txt && record id - - "$line"
if [ -f commit-chain.txt ]; then record chain - - "$(cat commit-chain.txt)"; fi
if [ -f hosts.conf ]; then record hosts - - "$(cat hosts.conf && printf x)"; fi
fence=0
if [ -f .sns-lock ]; then fence=$(sed -n 's/^fence=//p' .sns-lock); fi
record fence - - "$fence"

for release in pods/*/release/*/; do
	release=${release%/}
	[ -f "$release/pod.state" ] || continue
	version=${release##*/}
	pod=${release#pods/}
	pod=${pod%%/*}
	first_line "$release/pod.state"
	record release "$pod" "$version" "$line"
	for entry in "$release"/config/*; do
		name=${entry##*/}
		if [ -d "$entry" ]; then
			:
		else
			# A checksum without its directory is a removal that did not finish.
			case $name in *.txt) name=${name%.txt} ;; *) continue ;; esac
			[ -f "$entry" ] && [ ! -d "$release/config/$name" ] || continue
		fi
		first_line "$release/config/$name.txt"
		checksum=${line:--}
		first_line "$release/config/.$name.shape"
		record config "$pod/$version" "$name" "$checksum ${line:--}"
	done
done

set --
for file in pods/*/release/*/pod pods/*/release/*/pod.portmappings.conf pods/*/release/*/pod.ingress.conf; do
	[ ! -f "$file" ] || set -- "$@" "$file"
done
[ $# -eq 0 ] || record sums - - "$(sha256sum -- "$@")"
