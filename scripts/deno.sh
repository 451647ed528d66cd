#!/bin/sh
# Runs a program of this project from its sources: deno.sh <main.ts below the root> [argument...]
root=$(cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
program=$1
shift
deno=$root/.deno/bin/deno
[ -x "$deno" ] || deno=${DENO:-deno}
if [ -d "$root/.deno/dir" ]; then export DENO_DIR="$root/.deno/dir"; fi
export DENO_NO_UPDATE_CHECK=1
exec "$deno" run -q -A --config "$root/deno.json" "$root/$program" "$@"
