# shellcheck shell=sh
# Looks at what quickstart needs. Arguments: image, or nothing. Prints `key value` lines.
for tool in git setsid curl podman busybox python3; do
	command -v "$tool" >/dev/null && echo "has $tool"
done
git var GIT_COMMITTER_IDENT >/dev/null 2>&1 && echo "knows committer"
busybox httpd --help >/dev/null 2>&1 && echo "serves busybox"
python3 -c 'import http.server' >/dev/null 2>&1 && echo "serves python3"
if [ -n "$1" ] && command -v podman >/dev/null; then
	if said=$(podman info 2>&1 >/dev/null); then
		echo "version $(podman version --format '{{.Client.Version}}')"
		podman image exists "$1" && echo "has-image yes"
	else
		echo "broken $(printf '%s' "$said" | tail -n 1)"
	fi
fi
exit 0
