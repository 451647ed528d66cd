# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Prints what `sns host doctor` judges, a fact per line: its name, a tab, and what is to say of it.
# Changes nothing. Arguments: host home, then address and port of each other host's proxy.
fact() { # name, text
	printf '%s\t%s\n' "$1" "$2"
}
asked=$1
shift
fact time "$(date +%s)"
fact machine "$(uname -m)"
user=$(id -un)
fact user "$user"

case $asked in
/*) home=$asked ;;
*) home=${HOME:?}/$asked ;;
esac
where=$home
while [ ! -d "$where" ]; do where=${where%/*} where=${where:-/}; done
if [ -d "$home" ]; then
	cd "$home" || fail 1 "cannot enter $home"
	first_line cluster-id.txt
	[ ! -f cluster-id.txt ] || fact cluster "$line"
fi
# Of the file system: size, and what is free, in KiB and in inodes.
df -Pk "$where" 2>/dev/null | awk 'NR == 2 { print "disk\t" $2 " " $4 }'
df -Pi "$where" 2>/dev/null | awk 'NR == 2 && $2 > 0 { print "inodes\t" $2 " " $4 }'

# What runs as containers needs podman.
images=
for state in pods/*/release/*/pod.state; do
	[ -f "$state" ] || continue
	first_line "$state"
	release=${state%/pod.state}
	if [ "$line" = running ] && ! grep -q '^runtime: *executable' "$release/.pod.yaml" 2>/dev/null; then
		fact containers "${release#pods/}"
		images="$images$(sed -n 's/^[ -]*image: *["'"'"']*\([^ "'"'"'#]*\).*/\1/p' "$release/.pod.yaml" 2>/dev/null)
"
	fi
done
if command -v podman >/dev/null 2>&1; then
	fact podman "$(podman --version 2>/dev/null | awk '{ print $3 }')"
	if said=$(timeout 20 podman info --format '{{.Store.GraphDriverName}}' 2>&1); then
		fact storage "$said"
		# Those that are here already, each once.
		for image in $(printf '%s' "$images" | sort -u); do
			architecture=$(timeout 10 podman image inspect --format '{{.Architecture}}' "$image" 2>/dev/null) &&
				fact image "$image $architecture"
		done
	else
		fact podmanError "$(printf '%s' "$said" | tail -n 1 | tr '\t' ' ')"
	fi
fi
for kind in subuid subgid; do
	awk -F: -v user="$user" -v id="$(id -u)" -v kind="$kind" \
		'$1 == user || $1 == id { sum += $3 } END { print kind "\t" sum + 0 }' "/etc/$kind" 2>/dev/null ||
		fact "$kind" 0
done
if [ -d /run/systemd/system ]; then
	fact systemd yes
	for service in firewalld ufw nftables simplenetes-firewall; do
		[ "$(systemctl is-active "$service" 2>/dev/null)" != active ] || fact firewall "$service"
	done
	if [ -e "/var/lib/systemd/linger/$user" ]; then fact linger yes; else fact linger no; fi
	fact daemon "$(systemctl is-active simplenetesd 2>/dev/null)"
fi
for name in net/ipv4/ip_unprivileged_port_start fs/inotify/max_user_instances; do
	[ ! -r "/proc/sys/$name" ] || fact "${name##*/}" "$(cat "/proc/sys/$name")"
done
# Where programs wait for connections from anywhere.
ss -Hltn 2>/dev/null | awk '{ print $4 }' | grep -v '^127\.\|^\[::1\]' | sed 's/.*://' | sort -un |
	while read -r port; do fact listens "$port"; done
PATH=$PATH:/usr/local/bin
for program in simplenetesd simplenetes-proxy; do
	said=$(timeout 10 "$program" --version 2>/dev/null) || continue
	fact "$program" "${said##* }"
done

# Certificates that the host has; never their keys.
n=0
for file in pods/letsencrypt/data/*/certs/*.pem pods/ingress/release/*/config/usercerts/*.pem; do
	[ -f "$file" ] && [ ! -L "$file" ] && [ "$n" -lt 100 ] || continue
	n=$((n + 1))
	body=$(awk '/-----BEGIN CERTIFICATE-----/ { on = 1; next } /-----END/ { if (on) exit } on { printf "%s", $1 }' "$file")
	[ -z "$body" ] || fact certificate "$file $body"
done

# Whether a connection to another host's proxy can be made from here.
reach() { # address, port
	if command -v bash >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then
		# shellcheck disable=SC2016
		timeout 4 bash -c ': <"/dev/tcp/$1/$2"' - "$1" "$2" 2>/dev/null
	elif command -v nc >/dev/null 2>&1; then
		nc -z -w 4 "$1" "$2" 2>/dev/null
	else
		return 9
	fi
}
while [ $# -ge 2 ]; do
	(
		reach "$1" "$2"
		case $? in 0) word=yes ;; 9) word=unknown ;; *) word=no ;; esac
		fact reach "$1:$2 $word"
	) &
	shift 2
done
wait
