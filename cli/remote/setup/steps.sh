# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Steps of `sns host setup`, as root. Each looks whether all is as it should be, and changes what is not; with
# the first argument `look` it only tells. A line for each: result, step, and what is to say, tabs between.
mode=$1
shift

say() { # result, step, text
	printf '%s\t%s\t%s\n' "$1" "$2" "$3"
}
is_ok() { # step, text
	say ok "$1" "$2"
}
changed() { # step, text
	say changed "$1" "$2"
}

# Whether something is to be changed now; when not, it is told what would be.
due() { # step, text
	[ "$mode" != "do" ] || return 0
	say 'would change' "$1" "$2"
	return 1
}

# Runs a program with what is a user's own, by that user: root follows no links there.
as_user() { # user, program, argument...
	as_user=$1 as_program=$2
	shift 2
	as_home=$(home_of "$as_user")
	# shellcheck disable=SC2016
	(cd / && runuser -u "$as_user" -- env HOME="$as_home" USER="$as_user" LOGNAME="$as_user" \
		XDG_RUNTIME_DIR="/run/user/$(id -u "$as_user")" \
		sh -c 'cd "$HOME" || exit 1; program=$1; shift; eval "$program"' sns "$as_program" "$@")
}

home_of() { # user
	getent passwd "$1" | cut -d : -f 6
}

# Puts a file of root's into place, by rename.
put_file() { # path, mode, text
	mkdir -p "${1%/*}" && (umask 077 && printf '%s\n' "$3" >"$1.sns-new") &&
		chmod "$2" "$1.sns-new" && mv -f "$1.sns-new" "$1" || fail 1 "cannot write $1"
}

# Whether a file has just this text.
is_file() { # path, text
	[ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}
