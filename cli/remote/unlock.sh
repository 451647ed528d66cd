# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Gives the lock back; the fence stays counted. A lock that is not ours is left alone: exit 4.
# Arguments: host home, token, fence.
enter_home "$1"
take_mutex
read_lock
first_line lock-token.txt
[ "$lock_token" = "$2" ] && [ "$lock_fence" = "$3" ] || fail 4 "the lock $2 is not held any more"
free_lock
[ "$line" != "$2" ] || rm -f lock-token.txt
