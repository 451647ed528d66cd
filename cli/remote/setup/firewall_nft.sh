# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# The firewall by nftables, in a table of its own.
dir=/etc/simplenetes
file=$dir/firewall.nft
unit=/etc/systemd/system/simplenetes-firewall.service

# ICMP is 1 and 58: a small system has no names of protocols.
rules() {
	cat <<END
# Written by sns host setup install from PORT, EXPOSE and INTERNAL of host.env.
table inet simplenetes
delete table inet simplenetes
table inet simplenetes {
	chain input {
		type filter hook input priority 0; policy drop;
		ct state { established, related } accept
		ct state invalid drop
		iifname "lo" accept
		meta l4proto { 1, 58 } accept
		udp sport 67 udp dport 68 accept
		ip6 saddr fe80::/10 udp dport 546 accept
END
	[ -z "$networks4" ] || echo "		ip saddr { $networks4 } accept"
	[ -z "$networks6" ] || echo "		ip6 saddr { $networks6 } accept"
	[ -z "$ports" ] || echo "		tcp dport { $ports } accept"
	printf '\t}\n}\n'
}

unit_text() {
	cat <<END
[Unit]
Description=Simplenetes: the firewall of this host
DefaultDependencies=no
After=local-fs.target nftables.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$(command -v nft) -f $file

[Install]
WantedBy=multi-user.target
END
}

loaded() {
	nft list table inet simplenetes 2>/dev/null
}

# Whether the rules are kept, and those that are in force are still the same.
is_kept_nft() {
	is_file "$file" "$(rules)" && is_file "$unit" "$(unit_text)" &&
		systemctl is-enabled -q simplenetes-firewall && systemctl is-active -q simplenetes-firewall && [ -n "$(loaded)" ] &&
		is_file "$dir/firewall.loaded" "$(loaded)"
}

load_nft() {
	if [ -n "$(loaded)" ]; then
		{ printf 'table inet simplenetes\ndelete table inet simplenetes\n' && loaded; } >"$guards/firewall.old"
		undo="nft -f '$guards/firewall.old'"
	else
		undo='nft delete table inet simplenetes'
	fi
	rules >"$guards/firewall.new" || fail 1 "cannot write to $guards"
	said=$(nft -c -f "$guards/firewall.new" 2>&1) || fail 1 "nft refuses the rules: $said"
	guard firewall "$seconds" "$undo"
	said=$(nft -f "$guards/firewall.new" 2>&1) || { take_back firewall && fail 1 "nft refuses the rules: $said"; }
}

keep_nft() {
	put_file "$file" 644 "$(rules)"
	put_file "$unit" 644 "$(unit_text)"
	systemctl daemon-reload
	said=$({ systemctl enable -q simplenetes-firewall && systemctl restart simplenetes-firewall; } 2>&1) ||
		fail 1 "cannot start simplenetes-firewall.service: $said"
	put_file "$dir/firewall.loaded" 600 "$(loaded)"
}

# Whether nothing of it is there, where another one has the rules.
is_without_nft() {
	[ ! -f "$unit" ] && { ! command -v nft >/dev/null 2>&1 || [ -z "$(loaded)" ]; }
}

drop_nft() {
	! is_without_nft || return 0
	systemctl disable -q --now simplenetes-firewall 2>/dev/null
	rm -f "$unit" "$file" "$dir/firewall.loaded"
	systemctl daemon-reload
	[ -z "$(loaded)" ] || nft delete table inet simplenetes || fail 1 "cannot remove the rules of nftables"
}
