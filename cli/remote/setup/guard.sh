# shellcheck shell=sh disable=SC2015,SC2016,SC2034,SC2154
# Changes that could shut everybody out. The host takes one back by itself, unless a new connection confirms
# it in time. Both rename the same file, so that only one of them can. A change that is still being made then
# is waited for, so that nothing of it comes after it was taken back.
guards=/run/simplenetes-setup

TIMER='
sleep "$3"
cd "$1" && mv "$2.undo" "$2.undoing" 2>/dev/null || exit 0
turns=0
while [ "$turns" -lt 60 ] && kill -0 "$4" 2>/dev/null; do
	sleep 1
	turns=$((turns + 1))
done
kill -9 "$4" 2>/dev/null
sh "$2.undoing"
mv "$2.undoing" "$2.undone"'

# Refuses to begin while the same is still to be confirmed.
guard_ready() { # name
	mkdir -p "$guards" && chmod 700 "$guards" || fail 1 "cannot make $guards"
	for state in undo undoing; do
		[ ! -e "$guards/$1.$state" ] ||
			fail 1 "a change of $1 still waits to be confirmed or taken back: try again in a minute"
	done
	rm -rf "$guards/$1".*
}

# Has the host run a program in some seconds.
guard() { # name, seconds, program that takes the change back
	printf '%s\n' "$3" >"$guards/$1.undo" || fail 1 "cannot write $guards/$1.undo"
	if [ -d /run/systemd/system ]; then
		systemd-run --quiet --collect --unit="simplenetes-undo-$1" \
			sh -c "$TIMER" sns "$guards" "$1" "$2" "$$" || rm "$guards/$1.undo"
	else
		setsid sh -c "$TIMER" sns "$guards" "$1" "$2" "$$" </dev/null >/dev/null 2>&1 &
	fi
	[ -f "$guards/$1.undo" ] || fail 1 "cannot start what would take a change of $1 back"
}

# Takes a change back at once.
take_back() { # name
	mv "$guards/$1.undo" "$guards/$1.undoing" || return 0
	sh "$guards/$1.undoing"
	mv "$guards/$1.undoing" "$guards/$1.undone"
	drop_guard "$1"
}

drop_guard() { # name
	[ ! -d /run/systemd/system ] || systemctl stop "simplenetes-undo-$1" 2>/dev/null || :
}
