# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Leaves a request for the daemon. Arguments: host home, pod, version, text of pod.action.
enter_home "$1"
release=pods/$2/release/$3
[ -f "$release/pod.state" ] || fail 6 "there is no $home/$release; was it synced?"
put "$release/pod.action" "$4"
