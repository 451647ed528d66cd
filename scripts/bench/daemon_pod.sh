#!/bin/sh
# A pod that costs next to nothing, for the figures of the daemon: it answers run, rerun, stop and rm
# as the Pod API says, and a supervisor of one `sleep` refreshes its status every 5 s as a compiled pod's
# does. Notes in `called` when each call began.
cd "$(dirname "$0")" || exit 1
mkdir -p .pod.run

write_status() { # status readiness pid
  printf 'pod: bench\nupdated: %s\nstatus: %s\nreadiness: %s\npid: %s\n' "$(date +%s)" "$@" >.pod.run/status
  mv .pod.run/status .pod.status
}

up() { [ -e pid ] && kill -0 "$(cat pid)" 2>/dev/null; }

case $1 in
supervise)
  while :; do
    write_status running 1 $$
    sleep 5
  done
  ;;
esac
echo "$1 $(date +%s%N)" >>called
case $1 in
run)
  up && exit 0
  setsid sh ./pod supervise </dev/null >/dev/null 2>&1 &
  echo $! >pid
  ;;
stop | rm)
  if up; then kill -- "-$(cat pid)"; fi
  rm -f pid
  write_status exited 0 ''
  ;;
esac
