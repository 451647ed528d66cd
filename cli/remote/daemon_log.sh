# shellcheck shell=sh
# Prints what the daemon wrote to the journal: as root, by sudo, or as this user may.
# Arguments: number of lines, yes to go on with new ones.
command -v journalctl >/dev/null 2>&1 || {
	echo "journalctl is missing on this host: the daemon's log is where its stderr goes" >&2
	exit 1
}
lines=$1 follow=$2
set -- journalctl -u simplenetesd --no-pager -o short-iso -n "$lines"
if [ "$follow" = yes ]; then set -- "$@" -f; fi
if [ "$(id -u)" = 0 ]; then
	"$@"
elif sudo -n true 2>/dev/null; then
	sudo -n "$@"
else
	echo "Not root and no sudo: the journal may have less to show" >&2
	"$@"
fi
exit $?
