# shellcheck shell=sh
# Runs a program as root: at once, or by sudo without a password. The program goes through a file, as sudo
# notes every word that it is given in the log. Arguments: the program, then its own.
program=$1
shift
[ "$(id -u)" != 0 ] || exec sh -c "$program" sns "$@"
if ! said=$(sudo -n true 2>&1); then
	printf '%s may not become root without a password: %s\n' "$(id -un)" "$said" >&2
	exit 1
fi
umask 077
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
printf '%s\n' "$program" >"$dir/program" || exit 1
sudo -n sh "$dir/program" "$@"
