# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# A shell in the host home, or in the user's home while there is none.
# Arguments: host home, sh or bash, then: nothing, one text for the shell, or a program with arguments.
case $1 in
/*) home=$1 ;;
*) home=${HOME:?}/$1 ;;
esac
cd "$home" 2>/dev/null || cd "${HOME:?}" || exit 1
shell=$2
shift 2
case $# in
0) "$shell" ;;
1) "$shell" -c "$1" ;;
*) "$@" ;;
esac
# Not by exec: so the end by a signal becomes an exit code that every program in between passes on.
exit $?
