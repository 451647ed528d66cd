#!/bin/sh
# Shows the main job on this machine: a cluster of two local hosts, pods compiled, synced, running,
# reached through the proxy, stopped and started again. Cleans up behind itself.
#
# With rootless podman the web pod is a container, else a program on the host.
# DEMO_WITHOUT_PODMAN=1 shows the latter where podman is there. DEMO_PROGRAMS is a directory with the
# programs to show instead of those from the sources.
set -eu
cd -- "$(dirname -- "$0")/.."
root=$PWD

if [ "${1:-}" != prepared ]; then
  # shellcheck source=scripts/user.sh
  . scripts/user.sh
  sh scripts/setup.sh
  if [ "$(id -u)" = 0 ]; then
    echo "Running the demo as the user $test_user: containers are run rootless."
    prepare_user
    copy_project
    trap 'rm -rf -- "$copy"' EXIT
    as_user sh "$copy/scripts/demo.sh" prepared
    exit
  fi
fi

PATH=${DEMO_PROGRAMS:-$root/scripts/bin}:$root/.deno/bin:$PATH
export PATH DENO_NO_UPDATE_CHECK=1
work=$(mktemp -d)
daemons=
export GIT_CONFIG_GLOBAL="$work/gitconfig"
git config --file "$GIT_CONFIG_GLOBAL" user.name demo
git config --file "$GIT_CONFIG_GLOBAL" user.email demo@localhost
git config --file "$GIT_CONFIG_GLOBAL" init.defaultBranch main

clean_up() {
  status=$?
  for daemon in $daemons; do kill "$daemon" 2>/dev/null || :; done
  for daemon in $daemons; do wait "$daemon" || :; done
  for pod in "$work"/h?/pods/*/release/*/pod; do [ ! -x "$pod" ] || "$pod" rm --kill || :; done
  [ "$status" = 0 ] || { tail -n 20 "$work"/*.log >&2 && echo "The demo failed." >&2; }
  cd / && rm -rf -- "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

show() { # a command, as typed, and what it prints
  printf '\n$ %s\n' "$*"
  "$@"
}
title() { printf '\n# %s\n' "$*"; }
until_true() { # seconds command...
  tries=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "Not within the time: $*" >&2 && return 1; }
    sleep 0.2
  done
}
answers_from() { curl -sS --max-time 5 "$1:61000" | grep -q "web on $2"; }

kind=container
if [ -n "${DEMO_WITHOUT_PODMAN:-}" ] || ! command -v podman >/dev/null; then
  kind=program
  echo "No podman here: the web pod of this demo is a program on the host, not a container."
else
  title "An image, made here: busybox and nothing else"
  image=$work/image
  mkdir -p "$image/bin" "$image/etc" "$image/tmp" "$image/www"
  cp "$(command -v busybox)" "$image/bin/busybox"
  for tool in sh sed mkdir echo httpd kill cat; do ln -s busybox "$image/bin/$tool"; done
  echo 'root:x:0:0:root:/:/bin/sh' >"$image/etc/passwd"
  tar -C "$image" -cf - . | podman import -q - localhost/demo-web:1
fi

cd "$work"
title "A cluster project is a git repository; a host is a folder in it"
show sns cluster create demo
show cd demo
for n in 1 2; do
  show sns host register "h$n" --address=local --dir-home="$work/h$n" --router-address="127.0.0.$((n + 1)):32767"
  show sns host init "h$n"
done

title "Pods: the official proxy, and a web server of our own"
mkdir -p _pods
cp -r "$root/examples/web-$kind" _pods/web
git -C _pods/web init -q && git -C _pods/web add . && git -C _pods/web commit -qm "web 1.0.0"
for pod in proxy web; do
  for n in 1 2; do show sns host attach "$pod@h$n"; done
done
git add . && git commit -qm "Attach the pods"
show sns pod compile proxy
show sns pod compile web
git add . && git commit -qm "Compile the pods"

title "See what a sync would do, then do it"
show sns cluster plan || [ $? = 2 ]
show sns cluster sync

title "A daemon on each host brings the pods up"
for n in 1 2; do
  printf '\n$ simplenetesd %s &\n' "$work/h$n"
  simplenetesd "$work/h$n" 2>"$work/simplenetesd-h$n.log" &
  daemons="$daemons $!"
done
until_true 60 answers_from 127.0.0.2 127.0.0
until_true 60 sns pod ps web -r -q
show curl -sS 127.0.0.2:61000
show sns pod ls
show sns pod ps web
show sns pod logs web

title "Stop the web pod of h1: its port is answered from h2"
show sns pod state web@h1 -s stopped
git add . && git commit -qm "Stop web on h1"
show sns cluster sync
until_true 60 answers_from 127.0.0.2 127.0.0.3
show curl -sS 127.0.0.2:61000

title "And start it again"
show sns pod state web@h1 -s running
git add . && git commit -qm "Start web on h1"
show sns cluster sync
until_true 60 answers_from 127.0.0.2 127.0.0.2
show curl -sS 127.0.0.2:61000

printf '\nThe demo ran to its end, with the web pod as a %s.\n' "$kind"
