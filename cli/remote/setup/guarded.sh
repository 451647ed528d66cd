# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Tells what became of a change: undo (nothing yet), undoing, undone or confirmed.
# Arguments: look, name of the change.
for file in "$guards/$1".*; do
	case $file in *.undo | *.undoing | *.undone | *.confirmed) echo "${file##*.}" ;; esac
done
