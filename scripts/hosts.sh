#!/bin/sh
# Real hosts to try things on: boots those of the tests, with a cluster project that has them registered,
# and opens a shell there, or runs a command. All is gone when it ends. As root; see docs/test-hosts.md.
#
#   sh scripts/hosts.sh [command...]
set -eu
root=$(cd -- "$(dirname -- "$0")/.." && pwd -P)
[ -x "$root/.deno/bin/deno" ] || sh "$root/scripts/setup.sh"
PATH=$root/.deno/bin:$PATH
DENO_DIR=$root/.deno/dir
export PATH DENO_DIR DENO_NO_UPDATE_CHECK=1
exec deno run -q -A --config "$root/deno.json" "$root/tests/hosts/shell.ts" "$@"
