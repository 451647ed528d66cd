# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Confirms a change. Arguments: do, name of the change.
mv "$guards/$1.undo" "$guards/$1.confirmed" 2>/dev/null ||
	fail 1 "it comes too late, the host has taken the change back"
drop_guard "$1"
