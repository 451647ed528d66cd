# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# The daemon as a service. A restart leaves the pods alone; one that fails brings the program and the unit
# back that were there before. Arguments: look or do, prefix, text of the unit, names of the program's parts,
# file and text of what lets it end before the services of users.
prefix=$1 text=$2 deno=$3 apps=$4 order=$5 order_text=$6
lib=$prefix/lib/simplenetes
unit=/etc/systemd/system/simplenetesd.service
[ -d /run/systemd/system ] || fail 1 "there is no systemd here: add --skip-systemd, and start simplenetesd by your own means"

# Whether the process that runs is of the program that is installed.
is_current() {
	systemctl is-active -q simplenetesd && systemctl is-enabled -q simplenetesd || return 1
	pid=$(systemctl show -P MainPID simplenetesd)
	line=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) || return 1
	case $line in *"$lib/$deno "*"$lib/$apps/"*) return 0 ;; esac
	return 1
}

# Brings back what was there before, and starts it.
restore() {
	# What it said itself, not what systemd says of it.
	why=$(journalctl -q -n 5 -o cat _SYSTEMD_UNIT=simplenetesd.service 2>/dev/null)
	if [ -d "$lib/previous" ] && [ -n "$old" ]; then
		cp -p "$lib/previous/"* "$prefix/bin/"
		put_file "$unit" 644 "$old"
		systemctl daemon-reload
		if systemctl restart simplenetesd; then
			fail 1 "simplenetesd did not start, the program that was there before is back and runs: $why"
		fi
		fail 1 "simplenetesd did not start, nor does the program that was there before, which is back: $why"
	fi
	systemctl disable -q --now simplenetesd
	fail 1 "simplenetesd does not start: $why"
}

old=
[ ! -f "$unit" ] || old=$(cat "$unit")
if is_file "$order" "$order_text"; then
	is_ok order "pods stop in order when the host goes down"
elif due order "let pods stop in order when the host goes down"; then
	put_file "$order" 644 "$order_text"
	systemctl daemon-reload
	changed order "pods stop in order when the host goes down"
fi

if [ "$old" = "$text" ] && is_current; then
	is_ok service "simplenetesd runs"
elif due service "start simplenetesd anew, pods go on"; then
	[ "$old" = "$text" ] || put_file "$unit" 644 "$text"
	systemctl daemon-reload
	said=$(systemctl enable -q simplenetesd 2>&1) || fail 1 "cannot enable simplenetesd: $said"
	systemctl restart simplenetesd 2>/dev/null || restore
	changed service "simplenetesd runs"
fi
