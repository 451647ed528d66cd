# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Takes a lock away from its holder, whose later writes are refused then. Exit 4 when it is another
# lock meanwhile. Arguments: host home, fence, content of lock-token.txt.
enter_home "$1"
take_mutex
read_lock
first_line lock-token.txt
[ "$lock_fence" = "$2" ] && [ "$line" = "$3" ] || fail 4 "it is not the same lock any more; look again"
# The number is counted, too: nobody who knew it gets in again.
lock_fence=$((lock_fence + 1))
free_lock
rm -f lock-token.txt
