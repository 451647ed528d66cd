# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Begin of every program that sns runs on a host. Programs get the host home as $1; they end with
#   0 done, 1 failed, 2 belongs to another cluster, 3 locked by someone else,
#   4 the lock is not (or no longer) ours, 5 not initialised, 6 no such release.
set -u
umask 022
LC_ALL=C
export LC_ALL

fail() { # code, message
	printf '%s\n' "$2" >&2
	exit "$1"
}

# Changes to the host home: a relative one is meant from the user's home directory.
enter_home() { # host home
	case $1 in
	/*) home=$1 ;;
	*) home=${HOME:?}/$1 ;;
	esac
	cd "$home" 2>/dev/null || fail 5 "there is no directory $home"
}

require_initialised() {
	[ -d pods ] && [ -f cluster-id.txt ] || fail 5 "$home is not initialised"
}

# The first line of a file, without starting a process; empty when there is none.
first_line() { # file
	line=
	if [ -f "$1" ]; then IFS= read -r line <"$1" || :; fi
}

# Replaces a file by rename, so that a reader sees the old or the new text, also after a power loss.
put() { # file, text
	printf '%s\n' "$2" 2>/dev/null >"$1.sns-new.$$" && { sync "$1.sns-new.$$" 2>/dev/null || sync; } &&
		mv -f "$1.sns-new.$$" "$1" && return
	rm -f "$1.sns-new.$$"
	fail 1 "cannot write $home/$1 (is the disk full or read-only?)"
}
