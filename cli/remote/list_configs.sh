# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints a line for everything in the live config directories below a directory that holds `pods`:
#   file <x or -> <sha256sum line>      x: executable by its owner
#   link <target>  <path>
# The same program tells of a host and of a project, so that the lines can be compared.
# Changes nothing. Arguments: host home, or a host's directory in a project.
enter_home "$1"
[ -d pods ] || exit 0
set --
for dir in pods/*/release/*/config/*/; do
	[ ! -d "$dir" ] || set -- "$@" "${dir%/}"
done
[ $# -gt 0 ] || exit 0
find "$@" -type f -exec sh -c '
	for file; do
		mode=-
		[ ! -x "$file" ] || mode=x
		printf "file %s %s\n" "$mode" "$(sha256sum "$file")"
	done
' sh {} + &&
	find "$@" -type l -exec sh -c '
	for link; do printf "link %s  %s\n" "$(readlink "$link")" "$link"; done
' sh {} +
