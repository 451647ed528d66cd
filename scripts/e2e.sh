#!/bin/sh
# The end-to-end suite, or the files of it that are given, as the user who runs the containers: real
# podman, git, processes and TCP.
set -eu
cd -- "$(dirname -- "$0")/.."
PATH=$PWD/scripts/bin:$PWD/.deno/bin:$PATH
DENO_DIR=$PWD/.deno/dir
export PATH DENO_DIR DENO_NO_UPDATE_CHECK=1
[ $# -gt 0 ] || set -- tests/e2e
exec deno test -A "$@"
