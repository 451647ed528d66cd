# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Directory trees: replacing a live one by a staged one, file by file.

# Makes `live` hold what `staged` holds, and empties `staged`. The directory `live` itself stays (its
# inode is mounted into containers), each file is replaced by rename, what is not staged goes last.
# A function in a subshell: its variables are its own, so that it can call itself.
replace_tree() ( # staged, live
	staged=$1 live=$2
	mode=$(stat -c %a "$staged") && chmod u+rwx "$staged" "$live" || exit 1
	set --
	for path in "$live"/* "$live"/.[!.]* "$live"/..?*; do
		exists "$path" || continue
		exists "$staged/${path##*/}" || set -- "$@" "$path"
	done
	for path in "$staged"/* "$staged"/.[!.]* "$staged"/..?*; do
		exists "$path" || continue
		replace_entry "$path" "$live/${path##*/}" || exit 1
	done
	if [ $# -gt 0 ]; then
		step
		remove_trees "$@" || exit 1
	fi
	chmod "$mode" "$live"
)

replace_entry() { # staged, live
	if is_directory "$1" && is_directory "$2"; then
		replace_tree "$1" "$2"
		return
	fi
	step
	# A rename does not replace a directory, and would move into a link to one.
	if [ -d "$2" ]; then remove_trees "$2" || return 1; fi
	move "$1" "$2"
}

# Renames what may be a directory that may not be written: moving one writes its `..`.
move() { # from, to
	if is_directory "$1" && [ ! -w "$1" ]; then
		moved_mode=$(stat -c %a "$1") && chmod u+w "$1" && mv "$1" "$2" && chmod "$moved_mode" "$2"
	else
		mv -f "$1" "$2"
	fi
}

exists() {
	[ -e "$1" ] || [ -L "$1" ]
}

is_directory() {
	[ -d "$1" ] && [ ! -L "$1" ]
}

# Removes trees, also those with directories that may not be written.
remove_trees() {
	rm -rf -- "$@" 2>/dev/null && return
	chmod -R u+rwX -- "$@" 2>/dev/null
	rm -rf -- "$@"
}
