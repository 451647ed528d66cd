#!/bin/sh
# Prints the id of the configuration that HAProxy runs.
set -eu
# shellcheck source=pods/ingress/config/bin/place.sh
. "$(dirname "$0")/place.sh"
find_admin
read_config
[ -n "$admin_port" ] || {
  echo "there is no generated haproxy.cfg yet" >&2
  exit 1
}
download 3 "http://$admin:$admin_port/config" -
