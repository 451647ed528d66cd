#!/bin/sh
# Succeeds when HAProxy runs the haproxy.cfg that is on disk.
set -eu
# shellcheck source=pods/ingress/config/bin/place.sh
. "$(dirname "$0")/place.sh"
read_config
served=$(sh "$base/bin/served.sh")
[ "$served" = "$id" ] || {
  echo "HAProxy runs $served, haproxy.cfg is $id"
  exit 1
}
