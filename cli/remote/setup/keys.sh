# shellcheck shell=sh disable=SC2015,SC2016,SC2034,SC2154
# Accounts, and the keys that open them.

make_user() { # user
	if getent passwd "$1" >/dev/null; then
		is_ok user "$1"
	elif due user "make the account $1"; then
		shell=/bin/sh
		[ ! -x /bin/bash ] || shell=/bin/bash
		# No password opens it; a locked one would shut out keys, too, where sshd does without PAM.
		said=$(useradd -m -U -s "$shell" -p '*' "$1" 2>&1) || fail 1 "cannot make the account $1: $said"
		changed user "made the account $1"
	fi
}

KEYS='
umask 077
mkdir -p .ssh && chmod 700 .ssh || exit 1
cat >.ssh/authorized_keys.sns-new && mv -f .ssh/authorized_keys.sns-new .ssh/authorized_keys || exit 1
! command -v restorecon >/dev/null 2>&1 || restorecon -R .ssh'

# Lets the owners of keys in, beside those that are let in already.
add_keys() { # user, keys
	old=$(keys_of "$1")
	add=$(printf '%s\n' "$2" | while read -r key; do
		[ -z "$key" ] || printf '%s\n' "$old" | grep -qxF -- "$key" || printf '%s\n' "$key"
	done)
	write_keys "$1" "$(printf '%s\n%s' "$old" "$add" | grep .)" keys changed
}

# The lines that are in force; nothing where there is no account or no file.
keys_of() { # user
	! getent passwd "$1" >/dev/null || as_user "$1" 'cat .ssh/authorized_keys' 2>/dev/null | grep .
}

# Makes these the keys that open an account, and no others.
write_keys() { # user, keys, step, result of a change
	old=$(keys_of "$1")
	count=$(printf '%s\n' "$2" | grep -c .)
	if [ "$old" = "$2" ]; then
		is_ok "$3" "$count for $1"
	elif due "$3" "$count for $1, there are $(printf '%s' "$old" | grep -c .)"; then
		printf '%s\n' "$2" | as_user "$1" "$KEYS" || fail 1 "cannot write the keys of $1"
		say "$4" "$3" "$count for $1"
	fi
}
