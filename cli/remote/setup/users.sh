# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# The account that runs the pods, and whose keys open it and that of the administrator: on stdin, a line of
# three dashes between the two. Arguments: look or do, user, administrator, seconds until the host takes
# back the keys of the administrator.
user=$1 super=$2 seconds=$3
keys='' supers='' part=keys
while IFS= read -r key; do
	case $key in
	---) part=supers ;;
	*)
		if [ "$part" = keys ]; then
			keys="$keys${keys:+
}$key"
		else
			supers="$supers${supers:+
}$key"
		fi
		;;
	esac
done
[ -n "$keys" ] && [ -n "$supers" ] || fail 1 "there are no keys for $user or $super"
make_user "$user"
write_keys "$user" "$keys" keys changed
if [ "$mode" = "do" ] && [ "$(keys_of "$super")" != "$supers" ]; then
	guard_ready keys
	keys_of "$super" >"$guards/keys.saved" || fail 1 "cannot write $guards/keys.saved"
	guard keys "$seconds" "runuser -u '$super' -- sh -c 'cat >\"\$1\"' sh '$(home_of "$super")/.ssh/authorized_keys' <'$guards/keys.saved'"
fi
write_keys "$super" "$supers" superkeys pending
