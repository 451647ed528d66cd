# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Installs the program that comes on stdin. What was installed before is kept for a way back.
# Arguments: do, prefix, sha256 of the program.
prefix=$1 sum=$2
lib=$prefix/lib/simplenetes
mkdir -p "$lib" || fail 1 "cannot make $lib"
rm -f "$lib"/.receiving.*
new=$(mktemp "$lib/.receiving.XXXXXX") || fail 1 "cannot write to $lib"
trap 'rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$new" || fail 1 "cannot write to $lib (is the disk full?)"
got=$(sha256sum <"$new")
[ "${got%% *}" = "$sum" ] || fail 1 "the program arrived damaged (checksum ${got%% *} instead of $sum)"
if [ -f "$prefix/bin/simplenetesd" ]; then
	rm -rf "$lib/.previous.new"
	mkdir "$lib/.previous.new" || fail 1 "cannot write to $lib"
	for program in sns podc simplenetesd simplenetes-proxy simplenetes-letsencrypt; do
		[ ! -f "$prefix/bin/$program" ] || cp -p "$prefix/bin/$program" "$lib/.previous.new/" ||
			fail 1 "cannot copy $prefix/bin/$program"
	done
	rm -rf "$lib/previous"
	mv "$lib/.previous.new" "$lib/previous" || fail 1 "cannot write to $lib"
fi
said=$(sh "$new" install "$prefix" 2>&1) || fail 1 "$said"
said=$("$prefix/bin/simplenetesd" --version 2>&1) || fail 1 "the new simplenetesd does not run: $said"
changed program "$said in $prefix/bin"
