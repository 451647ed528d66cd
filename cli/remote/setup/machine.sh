# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints the kind of machine, and the parts of the installed program. Arguments: look, prefix.
uname -m
[ ! -f "$1/bin/simplenetesd" ] || sed -n "s|^exec '$1/lib/simplenetes/\\(deno-[0-9a-f]*\\)'.*'$1/lib/simplenetes/\\(apps-[0-9a-f]*\\)/.*|\\1 \\2|p" "$1/bin/simplenetesd"
