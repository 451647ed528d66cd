# shellcheck shell=sh
# Asks on the terminal, whatever stdin is, and prints the answer. Exit 1 without a terminal.
# Arguments: question, yes when the answer is to stay off the screen.
(: </dev/tty) 2>/dev/null || exit 1
exec 3<>/dev/tty
if [ "$2" = yes ]; then
	saved=$(stty -g <&3)
	trap 'stty "$saved" <&3; printf "\n" >&3' EXIT
	trap 'exit 130' HUP INT TERM
	stty -echo <&3
fi
printf '%s' "$1" >&3
IFS= read -r answer <&3 || exit 1
printf '%s\n' "$answer"
