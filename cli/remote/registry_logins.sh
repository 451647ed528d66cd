# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints the logins to registries that the account has, if it has any. Argument: host home (not used).
file=${HOME:?}/.docker/config.json
[ ! -f "$file" ] || cat "$file" || fail 1 "cannot read $file"
