# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Keeps a lock from expiring. Arguments: host home, token, fence, seconds until it expires.
enter_home "$1"
take_mutex
require_lock "$2" "$3"
lock_expires=$(($(date +%s) + $4))
write_lock
touch lock-token.txt || fail 1 "cannot touch $home/lock-token.txt"
