# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Makes the account that administers a host: its keys come on stdin, sudo asks it for no password.
# Arguments: look or do, user.
user=$1
command -v sudo >/dev/null 2>&1 || packages sudo sudo
make_user "$user"
add_keys "$user" "$(cat)"
rule="$user ALL=(ALL:ALL) NOPASSWD: ALL"
file=/etc/sudoers.d/90-simplenetes-$user
if is_file "$file" "$rule"; then
	is_ok sudo "$user may become root"
elif due sudo "let $user become root without a password"; then
	put_file "$file" 440 "$rule"
	if ! said=$(visudo -cf "$file" 2>&1); then
		rm -f "$file"
		fail 1 "visudo refuses $file: $said"
	fi
	said=$(as_user "$user" 'sudo -n true' 2>&1) ||
		fail 1 "$file does not let $user become root (does /etc/sudoers include that directory?): $said"
	changed sudo "$user may become root"
fi
