# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Packages by the package manager that the host has.
packages() { # names for apt, names for dnf
	wanted=$1
	if command -v apt-get >/dev/null 2>&1; then
		manager=apt
	elif command -v dnf >/dev/null 2>&1; then
		manager=dnf wanted=$2
	else
		fail 1 "there is neither apt-get nor dnf here: install what $1 are called on this system by hand"
	fi
	missing=
	for package in $wanted; do
		has_package "$package" || missing="$missing $package"
	done
	missing=${missing# }
	if [ -z "$missing" ]; then
		is_ok packages "$wanted"
	elif due packages "install $missing"; then
		# shellcheck disable=SC2086
		said=$(install_packages $missing 2>&1) || fail 1 "cannot install $missing: $(printf '%s\n' "$said" | tail -n 4)"
		changed packages "installed $missing"
	fi
}

has_package() { # name
	case $manager in
	apt) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
	dnf) rpm -q "$1" >/dev/null 2>&1 ;;
	esac
}

install_packages() { # name...
	case $manager in
	apt)
		# Another one may be at work, such as that of the first boot.
		apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null &&
			DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
				install --no-install-recommends "$@" </dev/null
		;;
	dnf) dnf -q -y install "$@" </dev/null ;;
	esac
}
