# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Leaves a request for the daemon. Arguments: host home, pod, version, text of pod.action.
enter_home "$1"
release=pods/$2/release/$3
[ -f "$release/pod.state" ] || fail 6 "there is no $home/$release; was it synced?"
# A pod that tells nothing of containers, as a program of one's own may, gets what was asked for.
known=
[ "$4" = rerun ] || known=$("$release/pod" info 2>/dev/null | sed -n 's/^ *- name: //p' | tr '\n' ' ')
if [ -n "$known" ]; then
	for name in ${4#rerun}; do
		case " $known" in
		*" $name "*) ;;
		*) fail 1 "$2-$3 has no container \"$name\"; it has: ${known% }" ;;
		esac
	done
fi
put "$release/pod.action" "$4"
