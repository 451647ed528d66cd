#!/bin/sh
# The whole proof, from a fresh Debian machine on: installs what is missing, runs the gate and the
# end-to-end suite, and closes with the line "N passed, N failed".
set -eu
cd -- "$(dirname -- "$0")/.."
# shellcheck source=scripts/user.sh
. scripts/user.sh

sh scripts/setup.sh
results=$(mktemp -d)
trap 'rm -rf -- "$results"; [ -z "${copy:-}" ] || rm -rf -- "$copy"' EXIT

run() { # name command...: keeps its output for counting
  name=$1
  shift
  printf '\n=== %s\n' "$name"
  status=0
  { "$@" 2>&1 || echo $? >"$results/$name.status"; } | tee "$results/$name.log"
  [ ! -e "$results/$name.status" ] || status=$(cat "$results/$name.status")
  [ "$status" = 0 ] || failed_runs="${failed_runs:-} $name"
}

run gate sh scripts/ok.sh
if [ "$(id -u)" = 0 ]; then
  prepare_user
  copy_project
  run e2e as_user "$copy/scripts/e2e.sh"
  # What boots hosts takes root; left out above.
  run hosts sh scripts/e2e.sh tests/e2e/hosts
else
  run e2e sh scripts/e2e.sh
fi

# Deno's closing line of a run: "ok | 8 passed (8 steps) | 0 failed (2s)", colours or not.
count() { # passed|failed|ignored
  sed 's/\x1b\[[0-9;]*m//g' "$results"/*.log | sed -n "s/^\(ok\|FAILED\) | .*\b\([0-9][0-9]*\) $1.*/\2/p" |
    awk '{ n += $1 } END { print n + 0 }'
}
passed=$(count passed)
failed=$(count failed)
if [ -n "${failed_runs:-}" ]; then
  echo "failed:$failed_runs"
  [ "$failed" -gt 0 ] || failed=1 # a step other than a test
fi
[ "$passed" -gt 0 ] || failed=$((failed + 1))
skipped=$(count ignored)
if [ "$skipped" -gt 0 ]; then
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
else
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
fi
[ "$failed" = 0 ]
