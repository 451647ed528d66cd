# shellcheck shell=sh
# Takes back what quickstart has done. Arguments: directory, yes when it is to be kept empty, pid of
# the daemon or nothing.
if [ -n "$3" ] && kill "$3" 2>/dev/null; then
	while kill -0 "$3" 2>/dev/null; do sleep 0.1; done
fi
for pod in "$1"/*/pods/*/release/*/pod; do
	# The project has compiled pods, too, that never ran.
	[ -e "${pod%/*}/.pod.run" ] || [ -e "${pod%/*}/.pod.status" ] || continue
	"$pod" rm --kill && "$pod" purge
done >/dev/null
if [ "$2" = yes ]; then
	find "$1" -mindepth 1 -delete
else
	rm -rf -- "$1"
fi
