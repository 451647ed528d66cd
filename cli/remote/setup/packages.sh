# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Packages by the package manager that the host has. A name that ends with ? is left out where there is none.
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
		has_package "${package%'?'}" || missing="$missing $package"
	done
	case $missing in
	*[!?]' '* | *[!?])
		# Some that has to be there.
		if due packages "install$missing"; then
			refresh_packages
			get_packages
			changed packages "installed$missing"
		fi
		;;
	*) is_ok packages "$(printf %s "$wanted" | tr -d '?')" ;;
	esac
}

has_package() { # name
	case $manager in
	apt) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
	dnf) rpm -q "$1" >/dev/null 2>&1 ;;
	esac
}

# Installs what is missing, and of the others those that there are.
get_packages() {
	found=
	for package in $missing; do
		case $package in *'?') exists_package "${package%'?'}" || continue ;; esac
		found="$found ${package%'?'}"
	done
	missing=$found
	# shellcheck disable=SC2086
	said=$(install_packages $missing 2>&1) || fail 1 "cannot install$missing: $(printf '%s\n' "$said" | tail -n 4)"
}

refresh_packages() {
	[ "$manager" = apt ] || return 0
	# Another one may be at work, such as that of the first boot.
	said=$(apt-get -q -o DPkg::Lock::Timeout=300 update 2>&1 </dev/null) ||
		fail 1 "cannot get the lists of packages: $(printf '%s\n' "$said" | tail -n 4)"
}

exists_package() { # name
	case $manager in
	apt) apt-cache show "$1" >/dev/null 2>&1 ;;
	dnf) dnf -q info "$1" >/dev/null 2>&1 ;;
	esac
}

install_packages() { # name...
	case $manager in
	apt)
		DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
			install --no-install-recommends "$@" </dev/null
		;;
	dnf) dnf -q -y install "$@" </dev/null ;;
	esac
}
