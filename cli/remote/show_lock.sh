# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints the lock as `key=value` lines: those of .sns-lock, then `file` (what lock-token.txt holds),
# `touched` and `now` in unix seconds. Changes nothing. Arguments: host home.
enter_home "$1"
require_initialised
if [ -f .sns-lock ]; then cat .sns-lock; fi
first_line lock-token.txt
[ -z "$line" ] || printf 'file=%s\ntouched=%s\n' "$line" "$(stat -c %Y lock-token.txt)"
printf 'now=%s\n' "$(date +%s)"
