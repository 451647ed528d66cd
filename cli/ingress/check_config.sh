# shellcheck shell=sh
# Has HAProxy check a configuration, without opening any port. Arguments: an absolute directory with
# conf/haproxy.cfg, and the image to use where HAProxy is not installed.
# Exit 0: fine; 1: what is wrong is on stdout; 9: there is no HAProxy to ask.
PATH=$PATH:/usr/local/sbin:/usr/sbin
INGRESS_RUN=/tmp INGRESS_ADMIN=127.0.0.1 INGRESS_BIND4='*' INGRESS_BIND6=:: INGRESS_ROOT=1
export INGRESS_RUN INGRESS_ADMIN INGRESS_BIND4 INGRESS_BIND6 INGRESS_ROOT
if command -v haproxy >/dev/null; then
	haproxy -c -f "$1/conf/haproxy.cfg" 2>&1 || exit 1
elif command -v podman >/dev/null && podman image exists "$2" 2>/dev/null; then
	podman run --rm --network none --user 0:0 --volume "$1:$1:z,ro" --entrypoint haproxy \
		--env INGRESS_RUN --env INGRESS_ADMIN --env INGRESS_BIND4 --env INGRESS_BIND6 --env INGRESS_ROOT \
		"$2" -c -f "$1/conf/haproxy.cfg" 2>&1 || exit 1
else
	exit 9
fi
