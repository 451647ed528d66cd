# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints a line for everything in the live config directories below a directory that holds `pods`:
#   file <x or -> <sha256>  <path>      x: executable by its owner
#   link <target>  <path>
# In names \ is \\ and a line break \n. The same program tells of a host and of a project, so that the
# lines can be compared. Changes nothing. Arguments: host home, or a host's directory in a project.
enter_home "$1"
[ -d pods ] || exit 0
set --
for dir in pods/*/release/*/config/*/; do
	[ ! -d "$dir" ] || set -- "$@" "${dir%/}"
done
[ $# -gt 0 ] || exit 0
# shellcheck disable=SC2016 # for the shells that find starts
escape='
	line_break="
"
	escape() { # sets "escaped"
		case $1 in
		*\\* | *"$line_break"*)
			escaped=$(printf "%sx" "$1" | sed -e ":a" -e "\$!{N;ba" -e "}" -e "s/\\\\/\\\\\\\\/g" -e "s/\n/\\\\n/g")
			escaped=${escaped%x}
			;;
		*) escaped=$1 ;;
		esac
	}
'
# shellcheck disable=SC2016
files=$escape'
	for file; do
		mode=-
		[ ! -x "$file" ] || mode=x
		sum=$(sha256sum <"$file") || exit 1
		escape "$file"
		printf "file %s %s  %s\n" "$mode" "${sum%% *}" "$escaped"
	done
'
# shellcheck disable=SC2016
links=$escape'
	for link; do
		escape "$(readlink "$link")"
		target=$escaped
		escape "$link"
		printf "link %s  %s\n" "$target" "$escaped"
	done
'
find "$@" -type f -exec sh -c "$files" sh {} + && find "$@" -type l -exec sh -c "$links" sh {} +
