#!/bin/sh
# The gate: formatting, lint, types, layers, shell lint, tests without containers, docs.
set -eu
cd -- "$(dirname -- "$0")/.."
[ -x .deno/bin/deno ] || sh scripts/setup.sh
PATH=$PWD/.deno/bin:$PATH
DENO_DIR=$PWD/.deno/dir
export PATH DENO_DIR DENO_NO_UPDATE_CHECK=1

step() { printf '\n== %s\n' "$*"; }

step formatting
deno fmt --check
step lint
deno lint
step types
deno check
step layers
deno run --allow-read --allow-run=deno scripts/check_layers.ts
step shellcheck
shellcheck scripts/*.sh scripts/bin/* tests/hosts/*.sh .ci/run
# Fragments of the pod script: checked whole by the golden cases, here only for syntax.
for file in podc/runtime/*.sh; do sh -n "$file"; done
shellcheck -x pods/*/config/bin/*.sh
find cli/remote cli/ingress cli/quickstart -name '*.sh' -exec shellcheck -s sh {} +
step docs
deno run -A scripts/check_docs.ts
step tests
deno test -A --parallel --ignore=tests/e2e,.deno
