# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints what the proxy of this host has counted, as it tells Prometheus. Changes nothing.
# Arguments: host home.
enter_home "$1"
require_initialised
told=no
for conf in pods/*/release/*/config/conf/proxy.conf; do
	[ -f "$conf" ] || continue
	first_line "${conf%/config/conf/proxy.conf}/pod.state"
	[ "$line" = running ] || continue
	command -v simplenetes-proxy >/dev/null || fail 1 "there is no program simplenetes-proxy here"
	if simplenetes-proxy metrics "$conf"; then
		told=yes
		break
	fi
done
[ "$told" = yes ] || fail 6 "no proxy answers here"
