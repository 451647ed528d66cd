# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# The lock of a host home. lock-token.txt (token, its mtime the heartbeat) is what older programs know;
# .sns-lock says who holds it, until when, and keeps the number of the last lock: the fence. Whoever
# writes holds .sns-mutex, by flock, from the check of its fence to its last write.

take_mutex() {
	command -v flock >/dev/null 2>&1 || fail 1 "flock is missing on this host (package util-linux)"
	# Where exec can't redirect, a shell ends at once, without a word of ours.
	(: >>.sns-mutex) 2>/dev/null || fail 1 "cannot write $home/.sns-mutex (is the disk full or read-only?)"
	exec 9>>.sns-mutex
	turns=0
	until flock -n 9; do
		turns=$((turns + 1))
		[ "$turns" -lt 100 ] || fail 3 "another program keeps writing to $home"
		sleep 0.1
	done
}

read_lock() {
	lock_fence=0 lock_token='' lock_owner='' lock_machine='' lock_since=0 lock_expires=0
	[ -f .sns-lock ] || return 0
	while IFS='=' read -r key value; do
		case $key in
		fence) lock_fence=$value ;;
		token) lock_token=$value ;;
		owner) lock_owner=$value ;;
		machine) lock_machine=$value ;;
		since) lock_since=$value ;;
		expires) lock_expires=$value ;;
		esac
	done <.sns-lock
	case $lock_fence$lock_since$lock_expires in
	*[!0-9]*) fail 1 "cannot read $home/.sns-lock; remove it when no sync is running" ;;
	esac
}

write_lock() {
	put .sns-lock "fence=$lock_fence
token=$lock_token
owner=$lock_owner
machine=$lock_machine
since=$lock_since
expires=$lock_expires"
}

# The lock is nobody's from now on; the fence stays counted.
free_lock() {
	lock_token='' lock_owner='' lock_machine='' lock_since=0 lock_expires=0
	write_lock
}

# Ends the program unless the lock with this token and fence is still held.
require_lock() { # token, fence
	read_lock
	first_line lock-token.txt
	[ "$lock_token" = "$1" ] && [ "$lock_fence" = "$2" ] && [ "$line" = "$1" ] ||
		fail 4 "the lock $1 was lost: $home was locked by ${lock_owner:-someone else}${lock_machine:+ on $lock_machine} meanwhile"
	[ "$lock_expires" -gt "$(date +%s)" ] ||
		fail 4 "the lock $1 has expired"
}
