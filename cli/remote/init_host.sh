# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Makes a directory the home of a cluster. Exit 2 when it belongs to another one.
# Arguments: host home, cluster id, force (yes or no), yes when stdin has the logins to registries.
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
# Registers the home with the daemon that serves those of all users but root. It finds a home directly in
# the home directory by itself; where nothing can be registered, the home can still be served by its name.
homes=${HOME:-}/.simplenetes-homes
if [ -n "${HOME:-}" ] && [ "$(id -u)" != 0 ] && [ "$(cd .. && pwd -P)" != "$(cd "$HOME" 2>/dev/null && pwd -P)" ] &&
	mkdir -p "$homes" 2>/dev/null; then
	for link in "$homes"/*; do
		[ ! -L "$link" ] || [ -e "$link/cluster-id.txt" ] || rm -f "$link"
	done
	place=$(pwd -P)
	name=$(printf '%s' "$place" | cksum | tr ' ' -)
	ln -sfn "$place" "$homes/$name" || fail 1 "cannot register $home in $homes"
fi
if [ "${4-}" = yes ]; then
	# Where container tools look for them; for this user alone.
	umask 077
	mkdir -p "${HOME:?}/.docker" && cat >"$HOME/.docker/config.json.sns-new.$$" &&
		mv -f "$HOME/.docker/config.json.sns-new.$$" "$HOME/.docker/config.json" ||
		fail 1 "cannot write $HOME/.docker/config.json"
fi
