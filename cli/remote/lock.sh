# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Takes the lock and prints `fence=<n>`. When someone else holds it: exit 3, and what is known of the
# holder on stdout, as `key=value` lines.
# Arguments: host home, token, owner, machine, seconds until it expires.
enter_home "$1"
require_initialised
take_mutex
read_lock
now=$(date +%s)
first_line lock-token.txt
if [ -n "$lock_token" ] && [ "$line" = "$lock_token" ]; then
	if [ "$lock_expires" -gt "$now" ]; then
		# The clock was set back: a holder that is alive renews it, one that is gone must not keep it.
		if [ "$lock_expires" -gt $((now + $5)) ]; then
			lock_expires=$((now + $5))
			write_lock
		fi
		cat .sns-lock
		fail 3 "locked"
	fi
elif [ -n "$line" ]; then
	# Taken by a program that knows only this file, and holds for 10 seconds.
	touched=$(stat -c %Y lock-token.txt) || fail 1 "cannot read the age of $home/lock-token.txt"
	[ "$touched" -le "$now" ] || touch lock-token.txt
	if [ $((now - touched)) -lt 10 ]; then
		printf 'token=%s\n' "$line"
		fail 3 "locked"
	fi
fi
lock_fence=$((lock_fence + 1))
lock_token=$2 lock_owner=$3 lock_machine=$4 lock_since=$now lock_expires=$((now + $5))
write_lock
put lock-token.txt "$2"
printf 'fence=%s\n' "$lock_fence"
exec 9>&-
