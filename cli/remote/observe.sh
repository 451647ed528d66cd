# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints what a host home holds, as records of four fields, each ended by a NUL:
#   fence  - -  number of the last lock
#   id     - -  content of cluster-id.txt
#   chain  - -  content of commit-chain.txt
#   hosts  - -  content of hosts.conf, with an x behind it to keep its end
#   release <pod> <version>  content of pod.state
#   config  <pod>/<version> <name>  checksum and shape that were stored, - for none
#   sums   - -  output of sha256sum for the files of the releases
#   changed <pod>/<version> <name>  checksum of a config whose content is not that of its stored checksum
# Changes nothing. Arguments: host home.
record() {
	printf '%s\0' "$1" "$2" "$3" "$4"
}

enter_home "$1"
require_initialised
fence=0
if [ -f .sns-lock ]; then fence=$(sed -n 's/^fence=//p' .sns-lock); fi
record fence - - "$fence"
first_line cluster-id.txt && record id - - "$line"
if [ -f commit-chain.txt ]; then record chain - - "$(cat commit-chain.txt)"; fi
if [ -f hosts.conf ]; then record hosts - - "$(cat hosts.conf && printf x)"; fi

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

# Prints the paths of the configs below "$@" in which something is newer than their checksum files, which
# are written last. Only these are read.
touched_configs() {
	find "$@" -exec stat -c '%Z %n' {} + 2>/dev/null | awk '
		match($0, /^[0-9]+ pods\/[^\/]+\/release\/[^\/]+\/config\/[^\/]+/) {
			time = $1
			path = substr($0, length($1) + 2, RLENGTH - length($1) - 1)
			if (path ~ /\.txt$/ && substr($0, RLENGTH + 1) == "") written[substr(path, 1, length(path) - 4)] = time
			if (time + 0 > newest[path] + 0) newest[path] = time
		}
		END { for (path in written) if (newest[path] + 0 > written[path] + 0) print path }'
}

# The checksum of a config as it is; empty where names are so odd that this sha256sum can't print them.
checksum_of() { # directory
	if [ -n "$(find "$1" \( -name '*\\*' -o -name '*
*' \))" ]; then
		case $(sha256sum --version 2>/dev/null) in
		*coreutils*) ;;
		*) return ;;
		esac
	fi
	(cd "$1" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum) | sha256sum
}

set --
for dir in pods/*/release/*/config/; do
	[ ! -d "$dir" ] || set -- "$@" "${dir%/}"
done
[ $# -eq 0 ] || touched_configs "$@" | while IFS= read -r path; do
	release=${path%/config/*}
	pod=${release#pods/}
	sum=$(checksum_of "$path")
	first_line "$path.txt"
	[ -z "$sum" ] || [ "${sum%% *}" = "$line" ] || record changed "${pod%%/*}/${release##*/}" "${path##*/}" "${sum%% *}"
done
