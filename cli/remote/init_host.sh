# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Makes a directory the home of a cluster. Exit 2 when it belongs to another one.
# Arguments: host home, cluster id, force (yes or no).
case $1 in
/*) mkdir -p "$1" ;;
*) mkdir -p "${HOME:?}/$1" ;;
esac || fail 1 "cannot make the directory $1"
enter_home "$1"
first_line cluster-id.txt
if [ -n "$line" ] && [ "$line" != "$2" ] && [ "$3" != yes ]; then
	printf '%s\n' "$line"
	fail 2 "$home belongs to the cluster $line"
fi
[ -w . ] || fail 1 "cannot write to $home: see who owns it and its mode"
mkdir -p pods || fail 1 "cannot make $home/pods"
[ "$line" = "$2" ] || put cluster-id.txt "$2"
