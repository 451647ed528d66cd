# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# The firewall where ufw or firewalld is at work. What others have put into it stays as it is.

# As ufw itself shows rules; the comment tells which are of sns.
ufw_rules() {
	for port in $(words "$ports"); do echo "ufw allow $port/tcp comment 'simplenetes'"; done
	for network in $(words "$networks4, $networks6"); do echo "ufw allow from $network comment 'simplenetes'"; done
}

words() { # with commas between
	printf %s "$1" | tr ',' ' '
}

ufw_shown() {
	ufw show added | grep " comment 'simplenetes'\$"
}

is_kept_ufw() {
	[ "$(ufw_rules | sort)" = "$(ufw_shown | sort)" ] && is_without_nft
}

load_ufw() {
	for rules in user.rules user6.rules; do
		cp -p "/etc/ufw/$rules" "$guards/firewall.$rules" || fail 1 "cannot copy /etc/ufw/$rules"
	done
	guard firewall "$seconds" "cp -p '$guards/firewall.user.rules' /etc/ufw/user.rules
cp -p '$guards/firewall.user6.rules' /etc/ufw/user6.rules
ufw reload"
	wanted=$(ufw_rules) old=$(ufw_shown)
	{
		printf '%s\n' "$wanted" | sed "s/^ufw //; s/'//g"
		printf '%s\n' "$old" | while read -r rule; do
			printf '%s\n' "$wanted" | grep -qxF -- "$rule" ||
				printf '%s\n' "$rule" | sed "s/^ufw /--force delete /; s/ comment .*//"
		done
	} | grep . | while read -r rule; do
		# shellcheck disable=SC2086
		ufw $rule 2>&1 || exit 1
	done >"$guards/firewall.said" || { take_back firewall && fail 1 "ufw refuses a rule: $(tail -n 1 "$guards/firewall.said")"; }
}

keep_ufw() {
	drop_nft
}

SERVICE=/etc/firewalld/services/simplenetes.xml
ZONE=/etc/firewalld/zones/simplenetes.xml

firewalld_service() {
	echo '<?xml version="1.0" encoding="utf-8"?>'
	echo '<service><short>simplenetes</short><description>PORT and EXPOSE of host.env</description>'
	for port in $(words "$ports"); do echo "  <port protocol=\"tcp\" port=\"$port\"/>"; done
	echo '</service>'
}

firewalld_zone() {
	echo '<?xml version="1.0" encoding="utf-8"?>'
	echo '<zone target="ACCEPT"><short>simplenetes</short><description>INTERNAL of host.env</description>'
	for network in $(words "$networks4, $networks6"); do echo "  <source address=\"$network\"/>"; done
	echo '</zone>'
}

# Ports are open by a service of their own, so that ssh is open only where that says so.
is_kept_firewalld() {
	is_file "$SERVICE" "$(firewalld_service)" && is_file "$ZONE" "$(firewalld_zone)" && is_without_nft || return 1
	for permanent in '' --permanent; do
		# shellcheck disable=SC2086
		firewall-cmd -q $permanent --query-service=simplenetes && ! firewall-cmd -q $permanent --query-service=ssh ||
			return 1
	done
}

load_firewalld() {
	rm -rf "$guards/firewall.etc"
	cp -a /etc/firewalld "$guards/firewall.etc" || fail 1 "cannot copy /etc/firewalld"
	guard firewall "$seconds" "rm -f '$SERVICE' '$ZONE' /etc/firewalld/zones/$(firewall-cmd --get-default-zone).xml
cp -a '$guards/firewall.etc/.' /etc/firewalld/
firewall-cmd -q --reload"
	put_file "$SERVICE" 644 "$(firewalld_service)"
	put_file "$ZONE" 644 "$(firewalld_zone)"
	said=$({
		firewall-cmd -q --reload && firewall-cmd -q --permanent --add-service=simplenetes &&
			{ ! firewall-cmd -q --permanent --query-service=ssh || firewall-cmd -q --permanent --remove-service=ssh; } &&
			firewall-cmd -q --reload
	} 2>&1) || { take_back firewall && fail 1 "firewalld refuses the rules: $said"; }
}

keep_firewalld() {
	drop_nft
}
