#!/bin/sh
# A pod as small as the daemon's tests allow: a supervisor that refreshes .pod.status, and the
# actions run, rerun, stop and rm. Files beside it steer it: `fail` makes every action fail,
# `unready` the pod unready, `slow` each action last a second; `probe` gets what the system says about
# the process, `ramdisks` has what create-ramdisks lists. Its calls are in `calls`.
cd "$(dirname "$0")" || exit 1

write_status() { # status readiness pid
  printf 'pod: fake\nupdated: %s\nstatus: %s\nreadiness: %s\npid: %s\n' \
    "$(date +%s)" "$1" "$2" "$3" >.pod.status.$$
  mv .pod.status.$$ .pod.status
}

supervise() {
  trap 'write_status exited 0 ""; exit 0' TERM
  while :; do
    if [ -e unready ]; then write_status running 0 $$; else write_status running 1 $$; fi
    sleep 0.3 &
    wait $!
  done
}

up() { [ -e pid ] && kill -0 "$(cat pid)" 2>/dev/null; }

start() {
  up && return
  setsid sh ./pod supervise </dev/null >/dev/null 2>&1 &
  echo $! >pid
  write_status created 0 $!
}

end() {
  if up; then kill "$(cat pid)"; fi
  while up; do sleep 0.05; done
  rm -f pid
}

if [ "$1" = supervise ]; then
  supervise
fi
if [ "$1" = create-ramdisks ]; then
  if [ -e ramdisks ]; then cat ramdisks; fi
  exit 0
fi
env >env
if [ -e probe ]; then cat /proc/self/status >probe && ls /proc/self/fd >fds; fi
echo "$*" >>calls
if [ -e slow ]; then sleep 1; fi
if [ -e fail ]; then
  echo "told to fail" >&2
  exit 1
fi
case $1 in
run) start ;;
rerun) if [ $# -eq 1 ] || [ "${2#--}" != "$2" ]; then end && start; fi ;;
stop) end ;;
rm) end && write_status removed 0 "" ;;
esac
