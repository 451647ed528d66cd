# shellcheck shell=sh disable=SC2015,SC2016,SC2034,SC2154
# Podman for an account without rights, complete before its first call, as that fixes much of it for good.
# Arguments: look or do, user, lowest port that its programs may listen on, packages for apt, packages for dnf.
user=$1 port=$2
packages "$3" "$4"
wanted=65536

# Ranges of ids that nobody else has, for the users in containers.
next=$(cat /etc/subuid /etc/subgid 2>/dev/null |
	awk -F : 'BEGIN { next_id = 100000 } $2 + $3 > next_id { next_id = $2 + $3 } END { print next_id }')
few=
for kind in subuid subgid; do
	has=$(awk -F : -v user="$user" -v id="$(id -u "$user" 2>/dev/null)" \
		'$1 == user || $1 == id { sum += $3 } END { print sum + 0 }' "/etc/$kind" 2>/dev/null)
	[ "${has:-0}" -ge "$wanted" ] || few="$few $kind"
done
if [ -z "$few" ]; then
	is_ok ids "$user has ids for the users in containers"
elif due ids "give $user the ids from $next on"; then
	for kind in $few; do
		old=$(cat "/etc/$kind" 2>/dev/null)
		put_file "/etc/$kind" 644 "$old${old:+
}$user:$next:$wanted"
	done
	[ ! -d "$(home_of "$user")/.local/share/containers" ] ||
		as_user "$user" 'podman system migrate' >/dev/null 2>&1 || fail 1 "podman cannot take over the new ids of $user"
	changed ids "$user has the ids from $next on"
fi

if ! getent passwd "$user" >/dev/null; then
	due storage "let podman layer images" || :
elif as_user "$user" '[ -d .local/share/containers/storage ] || [ -f .config/containers/storage.conf ]' ||
	[ -f /etc/containers/storage.conf ]; then
	is_ok storage "of podman is set up"
elif due storage "let podman layer images"; then
	as_user "$user" 'mkdir -p .config/containers && printf "[storage]\ndriver = \"overlay\"\n" >.config/containers/storage.conf' ||
		fail 1 "cannot write the storage.conf of $user"
	changed storage "podman layers images"
fi

settings="# Written by sns host setup install.
net.ipv4.ip_unprivileged_port_start = $port"
[ "$(cat /proc/sys/fs/inotify/max_user_instances 2>/dev/null || echo 1024)" -ge 512 ] ||
	settings="$settings
fs.inotify.max_user_instances = 1024"
file=/etc/sysctl.d/90-simplenetes.conf
live=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 0)
if [ "$live" -le "$port" ] && { is_file "$file" "$settings" || [ ! -f "$file" ]; }; then
	is_ok ports "from $live on are open to all accounts"
elif due ports "open those from $port on to all accounts"; then
	put_file "$file" 644 "$settings"
	said=$(sysctl -q -p "$file" 2>&1) || fail 1 "cannot set what $file says: $said"
	changed ports "from $port on are open to all accounts"
fi

if [ -c /dev/net/tun ] && [ "$(stat -c %a /dev/net/tun)" = 666 ]; then
	is_ok tun "containers can have networks"
elif due tun "open /dev/net/tun"; then
	put_file /etc/modules-load.d/simplenetes.conf 644 tun
	put_file /etc/tmpfiles.d/simplenetes.conf 644 "z /dev/net/tun 0666 root root"
	modprobe tun 2>/dev/null || :
	[ -c /dev/net/tun ] || fail 1 "there is no /dev/net/tun, and the kernel has no module of that name"
	chmod 666 /dev/net/tun || fail 1 "cannot open /dev/net/tun"
	changed tun "opened /dev/net/tun"
fi

# The first call of podman is to find the bus of the account, which stays with lingering alone. A manager of
# the account that is older than the package of the bus has to be told of it.
wake_bus() {
	bus=/run/user/$(id -u "$user")/bus turns=0
	until [ -S "$bus" ]; do
		turns=$((turns + 1))
		[ "$turns" -le 100 ] || fail 1 "the session bus of $user does not come up at $bus"
		sleep 0.2
		as_user "$user" 'systemctl --user daemon-reload && systemctl --user start dbus.socket' >/dev/null 2>&1 || :
	done
}
if [ -e "/var/lib/systemd/linger/$user" ] && [ -S "/run/user/$(id -u "$user")/bus" ]; then
	is_ok linger "processes of $user outlive its logins"
elif due linger "let processes of $user outlive its logins"; then
	loginctl enable-linger "$user" || fail 1 "cannot enable lingering of $user"
	wake_bus
	changed linger "processes of $user outlive its logins"
fi

if [ "$mode" != "do" ] && ! command -v podman >/dev/null 2>&1; then
	due podman "call it for the first time" || :
elif said=$(as_user "$user" 'podman info --format "{{.Version.Version}} with {{.Store.GraphDriverName}}"' 2>&1); then
	is_ok podman "$(printf '%s\n' "$said" | tail -n 1)"
elif due podman "make it work"; then
	fail 1 "podman does not work for $user: $(printf '%s\n' "$said" | tail -n 3)"
fi
