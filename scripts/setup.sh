#!/bin/sh
# Gets what the project's scripts need: Deno, the pinned version, and, as root on Debian, packages.
#
#   sh scripts/setup.sh [--deno-only]
#
# Deno is linked at .deno/bin/deno and keeps its cache in .deno/dir, so nothing outside the project
# changes but the Debian packages. Safe to run again: what is there stays.
set -eu
cd -- "$(dirname -- "$0")/.."

deno_version=2.9.6
packages="git curl wget busybox-static shellcheck podman runc crun catatonit uidmap slirp4netns util-linux procps openssl"
# What the tests of the proxy put before, behind and between proxies.
packages="$packages iproute2 haproxy nginx-light libnginx-mod-stream pebble"
# Servers and login shells of the tests over SSH.
packages="$packages openssh-client openssh-server sudo fish tcsh"
# What the hosts of the tests are booted with; their disks are made at the first test (tests/hosts/image.sh).
packages="$packages debootstrap systemd-container nftables"

say() { printf 'setup: %s\n' "$*" >&2; }

run_logged() { # command...: quiet unless it fails
  mkdir -p .deno
  "$@" >.deno/setup.log 2>&1 || {
    cat .deno/setup.log >&2
    say "failed: $*"
    exit 1
  }
}

apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  say "installing $*"
  [ -e .deno/apt-updated ] || run_logged apt-get update -qq
  mkdir -p .deno
  : >.deno/apt-updated
  # Of the servers among them none is to start, neither now nor at boot.
  policy=/usr/sbin/policy-rc.d
  if [ -e "$policy" ]; then policy=; else
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  status=0
  (run_logged env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@") || status=$?
  [ -z "$policy" ] || rm -f "$policy"
  [ "$status" = 0 ] || exit 1
  for package; do
    case $package in haproxy) service=haproxy ;; nginx-light) service=nginx ;; *) continue ;; esac
    if [ -d /run/systemd/system ]; then systemctl disable --quiet "$service"; fi
  done
}

install_packages() {
  command -v dpkg-query >/dev/null || return 0
  missing=
  for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  # One word per package.
  # shellcheck disable=SC2086
  apt_install $missing || say "not root: these packages are missing, some tests will be skipped:$missing"
}

is_pinned() { [ "$("$1" --version 2>/dev/null | sed -n '1s/^deno \([^ ]*\).*/\1/p')" = "$deno_version" ]; }

install_deno() {
  if [ -x .deno/bin/deno ] && is_pinned .deno/bin/deno; then return; fi
  mkdir -p .deno/bin
  if found=$(command -v deno) && is_pinned "$found"; then
    # Deno knows its own path; what is on PATH may be a wrapper.
    found=$(deno eval 'console.log(Deno.execPath())')
  else
    command -v npm >/dev/null || apt_install npm || {
      say "Deno $deno_version is missing and so is npm to get it with: install either"
      exit 1
    }
    say "installing Deno $deno_version from npm"
    run_logged npm install --prefix .deno/npm --no-save --no-audit --no-fund "deno@$deno_version"
    found=$(find "$PWD/.deno/npm/node_modules/@deno" -path '*/deno' -type f | head -n 1)
    if [ -z "$found" ] || ! is_pinned "$found"; then
      say "npm brought no Deno $deno_version that runs here"
      exit 1
    fi
  fi
  ln -sf "$found" .deno/bin/deno
}

[ "${1:-}" = --deno-only ] || install_packages
install_deno
# All dependencies, once, so that nothing is fetched later.
DENO_DIR=$PWD/.deno/dir run_logged .deno/bin/deno install --frozen
# The bundler of the build comes with its first use.
[ -e .deno/bundler-is-there.js ] ||
  DENO_DIR=$PWD/.deno/dir run_logged .deno/bin/deno bundle -q -o .deno/bundler-is-there.js proxy/conf/mod.ts
