# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Locks the password of root. Arguments: look or do.
case $(awk -F : '$1 == "root" { print $2 }' /etc/shadow) in
'!'* | '*'*) is_ok root "its password is locked" ;;
*)
	if due root "lock its password"; then
		said=$(usermod -L root 2>&1) || fail 1 "cannot lock the password of root: $said"
		changed root "locked its password"
	fi
	;;
esac
