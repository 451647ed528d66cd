#!/bin/sh
# Runs HAProxy with the fetcher of certificates beside it, and passes signals on. One to reload that comes
# before HAProxy heeds it is ignored, not deadly: everything is read later anyway.
set -eu
# shellcheck source=pods/ingress/config/bin/place.sh
. "$(dirname "$0")/place.sh"
trap '' USR2
trap 'exit 0' USR1 TERM

command -v haproxy >/dev/null || {
  echo "there is no haproxy in this image" >&2
  exit 1
}
if [ ! -e "$base/conf/haproxy.cfg" ]; then
  echo "waiting for conf/haproxy.cfg; write it with: sns cluster geningress"
  until [ -e "$base/conf/haproxy.cfg" ]; do sleep 1; done
fi

find_admin
INGRESS_ADMIN=$admin
INGRESS_RUN=$(mktemp -d)
export INGRESS_ADMIN INGRESS_RUN
case ${BIND_ADDRESS:-any} in
any)
  export INGRESS_BIND4='*'
  [ ! -e /proc/net/if_inet6 ] || export INGRESS_BIND6=::
  ;;
internal)
  [ -n "$proxy_address" ] || {
    echo "bindAddress is internal, but this host has no router address" >&2
    exit 1
  }
  case $proxy_address in
  *:*) export INGRESS_BIND6="$proxy_address" ;;
  *) export INGRESS_BIND4="$proxy_address" ;;
  esac
  ;;
*:*) export INGRESS_BIND6="$BIND_ADDRESS" ;;
*) export INGRESS_BIND4="$BIND_ADDRESS" ;;
esac
# Only root can, and should, run workers as somebody else.
[ "$(id -u)" != 0 ] || export INGRESS_ROOT=1

fetches=${USE_FETCHER:-true}
# Those of a first start, if they are to be had soon: nobody should see the self-signed one in vain.
[ "$fetches" != true ] || timeout 5 sh "$base/bin/fetch.sh" once || :

# HAProxy's master waits at its end for every child, so it has none but its own workers.
haproxy -W -db -f "$base/conf/haproxy.cfg" &
haproxy=$!
fetcher=''
trap 'kill -USR2 "$haproxy"' USR2
trap 'kill -USR1 "$haproxy"' USR1
trap 'kill -TERM "$haproxy"' TERM
trap 'rm -rf "$INGRESS_RUN"; [ -z "$fetcher" ] || kill "$fetcher"' EXIT
if [ "$fetches" = true ]; then
  sh "$base/bin/fetch.sh" "$haproxy" &
  fetcher=$!
fi
# A signal ends the waiting, not HAProxy.
while kill -0 "$haproxy" 2>/dev/null; do
  status=0
  wait "$haproxy" || status=$?
done
exit "$status"
