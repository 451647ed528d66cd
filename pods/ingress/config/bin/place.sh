# shellcheck shell=sh disable=SC2034
# Sourced by the others. Sets where things are: this directory has conf/, usercerts/ and autocerts/
# beside it. PROXY_HOST is the name of the host's own proxy.
base=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/local/sbin:/usr/sbin
proxy=${PROXY_HOST:-proxy}

# Sets "proxy_address": the address behind the proxy's name, or nothing.
find_proxy() {
  case $proxy in
  *[!0-9.]*) proxy_address=$(awk -v name="$proxy" '!/^#/ { for (i = 2; i <= NF; i++) if ($i == name) { print $1; exit } }' /etc/hosts) ;;
  *) proxy_address=$proxy ;;
  esac
}

# Sets "admin": where HAProxy tells about itself, on this host alone. Hosts that share a machine have
# loopback addresses of their own.
find_admin() {
  find_proxy
  case $proxy_address in
  127.*) admin=$proxy_address ;;
  *) admin=127.0.0.1 ;;
  esac
}

# Sets "id" and "admin_port": what haproxy.cfg on disk says.
read_config() {
  id=$(sed -n '/^# config /{s///p;q;}' "$base/conf/haproxy.cfg" 2>/dev/null)
  admin_port=$(sed -n '/^# admin port /{s///p;q;}' "$base/conf/haproxy.cfg" 2>/dev/null)
}

# Gets a URL with the one of both programs that there is; fails for all but status 200.
download() { # seconds URL file; - for stdout
  if command -v curl >/dev/null; then
    curl -fsS -m "$1" -o "$3" "$2"
  else
    timeout "$1" wget -q -t 1 -T "$1" -O "$3" "$2"
  fi
}
