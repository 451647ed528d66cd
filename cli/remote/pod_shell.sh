# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Runs a release's pod and passes its exit code on, the end by a signal as well.
# Arguments: host home, pod, version, then those of the pod.
enter_home "$1"
release=pods/$2/release/$3
[ -x "$release/pod" ] || fail 6 "there is no $home/$release/pod; was it synced?"
cd "$release" || fail 1 "cannot enter $home/$release"
unset LC_ALL
umask 022
shift 3
./pod "$@" || exit $?
