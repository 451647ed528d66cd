# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# The firewall: what has no right to come in stays out. The rules are in force at once; those of nftables are
# kept for the next boot only when sns has confirmed them.
# Arguments: look, do or keep; seconds until the host takes them back; TCP ports that are open to all, IPv4 and
# IPv6 networks that may do everything, with commas between each.
seconds=$1 ports=$2 networks4=$3 networks6=$4
opened="open to all: ${ports:-nothing}; to $networks4${networks6:+, $networks6}: everything"

# Who looks after the firewall here.
keeper() {
	if command -v firewall-cmd >/dev/null 2>&1 && firewall-cmd --state >/dev/null 2>&1; then
		echo firewalld
	elif command -v ufw >/dev/null 2>&1 && ufw status | grep -q '^Status: active'; then
		echo ufw
	else
		echo nft
	fi
}
keeper=$(keeper)

if [ "$mode" = keep ]; then
	"keep_$keeper"
elif [ "$keeper" = nft ] && ! command -v nft >/dev/null 2>&1; then
	packages nftables nftables
	if due firewall "$opened"; then
		guard_ready firewall
		load_nft
		say pending firewall "$opened"
	fi
elif "is_kept_$keeper"; then
	is_ok firewall "$opened"
elif due firewall "$opened"; then
	guard_ready firewall
	"load_$keeper"
	say pending firewall "$opened"
fi
