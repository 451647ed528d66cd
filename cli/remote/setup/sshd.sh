# shellcheck shell=sh disable=SC2015,SC2016,SC2034,SC2154
# Shuts root and passwords out of sshd, and moves it to another port where that is wanted.
# Arguments: look or do, seconds until the host takes it back, port or nothing.
seconds=$1 port=$2
config=/etc/ssh/sshd_config
dropin=/etc/ssh/sshd_config.d/00-simplenetes.conf
sshd=$(command -v sshd || echo /usr/sbin/sshd)
[ -x "$sshd" ] && [ -f "$config" ] || fail 1 "there is no OpenSSH server here: $sshd or $config is missing"
# A port that was set stays until another one is wanted.
[ -n "$port" ] || port=$(awk 'tolower($1) == "port" { print $2; exit }' "$dropin" 2>/dev/null)
text="# Written by sns host setup disableroot. The first value of each name counts, hence the 00.
PermitRootLogin no
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
X11Forwarding no${port:+
Port $port}"

# Whether sshd reads the directory, and before anything else is said.
includes() {
	awk 'NF == 0 || /^[ \t]*#/ { next }
		{ found = tolower($1) == "include" && index($0, "/etc/ssh/sshd_config.d/*.conf"); exit }
		END { exit !found }' "$config"
}

# What of it is not in force, by what sshd itself says of a login of root.
ineffective() {
	"$sshd" -T -C user=root,host=localhost,addr=127.0.0.1 2>&1 | awk -v port="$port" '
		BEGIN { want["permitrootlogin"] = want["passwordauthentication"] = want["kbdinteractiveauthentication"] = "no"
			if (port != "") want["port"] = port }
		$1 in want && $2 == want[$1] { delete want[$1] }
		END { for (name in want) printf "%s is not %s; ", name, want[name] }'
}

RELOAD='
if systemctl is-active -q ssh.socket 2>/dev/null; then
	systemctl daemon-reload
	systemctl restart ssh.socket
fi
for unit in ssh sshd; do
	if systemctl is-active -q "$unit" 2>/dev/null; then
		systemctl reload "$unit"
		exit
	fi
done
[ ! -f /run/sshd.pid ] || kill -HUP "$(cat /run/sshd.pid)"'

harden() {
	guard_ready sshd
	undo="cp -p '$guards/sshd.config' '$config'"
	cp -p "$config" "$guards/sshd.config" || fail 1 "cannot copy $config"
	if [ -f "$dropin" ]; then
		cp -p "$dropin" "$guards/sshd.dropin" || fail 1 "cannot copy $dropin"
		undo="$undo; cp -p '$guards/sshd.dropin' '$dropin'"
	else
		undo="$undo; rm -f '$dropin'"
	fi
	guard sshd "$seconds" "$undo
$RELOAD"
	put_file "$dropin" 600 "$text"
	includes || put_file "$config" 600 "Include /etc/ssh/sshd_config.d/*.conf
$(cat "$config")"
	said=$("$sshd" -t 2>&1) || { take_back sshd && fail 1 "sshd refuses what was to be its configuration: $said"; }
	said=$(ineffective)
	[ -z "$said" ] || { take_back sshd && fail 1 "something else in $config or ${dropin%/*} wins: $said"; }
	sh -c "$RELOAD" || { take_back sshd && fail 1 "sshd cannot be reloaded"; }
	say pending sshd "lets in by keys only, and never root${port:+, on port $port}"
}

if is_file "$dropin" "$text" && includes && [ -z "$(ineffective)" ]; then
	is_ok sshd "lets in by keys only, and never root${port:+, on port $port}"
elif due sshd "let in by keys only, and never root${port:+, on port $port}"; then
	harden
fi
