#!/bin/sh
# Brings the certificates that the Let's Encrypt pod serves to autocerts/. The argument is "once", or the
# process to send USR2 when there are others than before; then it goes on as long as that one lives.
set -eu
# shellcheck source=pods/ingress/config/bin/place.sh
. "$(dirname "$0")/place.sh"
umask 077
certs=$base/autocerts
mode=$1
work=$(mktemp -d)
last='' said='' waited=''
trap 'rm -rf "$work"; [ -z "$waited" ] || kill "$waited" 2>/dev/null' EXIT
trap 'exit 0' TERM INT HUP

say() { # text: once, and by the one who goes on
  [ "$1" = "$said" ] || [ "$mode" = once ] || echo "certificates: $1" >&2
  said=$1
}

# A file that HAProxy cannot load must not keep it from starting with the others.
is_good() { # file
  printf 'defaults\n timeout client 1s\nfrontend f\n bind 127.0.0.1:1 ssl crt %s\n' "$1" >"$work/check.cfg"
  haproxy -c -q -f "$work/check.cfg" >/dev/null 2>&1
}

# Succeeds when autocerts/ has changed.
fetch() {
  url=http://$proxy:${CERT_CLUSTER_PORT:-64000}/certs.tar.gz
  download 10 "$url" "$work/new.tar.gz" 2>"$work/error" &
  waited=$! failed=''
  wait "$waited" || failed=yes
  waited=''
  [ -z "$failed" ] || {
    say "nothing from $url $(tr '\n' ' ' <"$work/error")"
    return 1
  }
  sum=$(sha256sum <"$work/new.tar.gz")
  [ "$sum" != "$last" ] || return 1
  rm -rf "$work/new" "$work/good"
  mkdir "$work/new" "$work/good"
  tar -xzf "$work/new.tar.gz" -C "$work/new" 2>"$work/error" || {
    say "the archive from $url is broken: $(tr '\n' ' ' <"$work/error")"
    return 1
  }
  last=$sum left_out=''
  for file in "$work"/new/*.pem; do
    name=${file##*/}
    if [ ! -f "$file" ] || [ -L "$file" ]; then continue; fi
    case $name in *[!A-Za-z0-9._-]*) continue ;; esac
    if is_good "$file"; then mv "$file" "$work/good/$name"; else left_out="$left_out $name"; fi
  done
  [ -z "$left_out" ] || echo "certificates: HAProxy cannot load$left_out, left out" >&2
  put_in_place
}

# Each file is replaced in one step, as HAProxy may start at any moment.
put_in_place() {
  changed=1
  for file in "$work"/good/*.pem; do
    [ -e "$file" ] || continue
    name=${file##*/}
    if cmp -s "$file" "$certs/$name"; then continue; fi
    if cp "$file" "$certs/.$name.new" && mv -f "$certs/.$name.new" "$certs/$name"; then
      changed=0
    else
      last='' # the next turn tries again
    fi
  done
  for file in "$certs"/*.pem; do
    if [ ! -e "$file" ] || [ -e "$work/good/${file##*/}" ]; then continue; fi
    rm -f "$file"
    changed=0
  done
  return "$changed"
}

if [ "$mode" = once ]; then
  fetch || :
  exit 0
fi
while kill -0 "$mode" 2>/dev/null; do
  if fetch; then
    say "$(find "$certs" -name '*.pem' | wc -l) from the cluster, reloading HAProxy"
    kill -USR2 "$mode"
  fi
  sleep "${FETCH_SECONDS:-20}" &
  waited=$!
  wait "$waited" || :
  waited=''
done
