#!/bin/sh
# Makes the disks that test hosts start from, unless they are there. As root; needs debootstrap and a
# Debian mirror, about a minute.
#
#   image.sh <directory>     prints three lines: the directory of a bare Debian with systemd and sshd,
#                            an overlay directory that adds rootless podman to it, and a directory
#                            with the packages that this took, and firewalls, as apt reads it from
#                            file:<directory> ./
#
# What is printed is named by what it was made of, is never changed afterwards, and many hosts share it.
set -eu

suite=bookworm
bare=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,iproute2,iputils-ping,ca-certificates,procps,nftables
more="podman crun catatonit uidmap slirp4netns fuse-overlayfs dbus-user-session busybox-static curl"

recipe=$(cksum <"$0" | cut -d " " -f 1)
mkdir -p "$1"
cd -- "$1"
exec 9>lock
flock -w 900 9 || { echo "another run has been making test hosts for 15 minutes" >&2 && exit 1; }

base=$PWD/debian-$recipe
layer=$PWD/podman-$recipe
packages=$PWD/packages-$recipe

# The mirror of this machine, whichever form its sources have.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n \
  -e 's/^URIs: *\([^ ]*debian\/\{0,1\}\)\( .*\)\{0,1\}$/\1/p' \
  -e 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*debian\/\{0,1\}\) .*/\2/p' | head -n 1)
[ -n "$mirror" ] || { echo "no Debian mirror in the apt sources of this machine" >&2 && exit 1; }

# Also what a killed run left half made.
sweep() {
  for mount in making.tree/proc making.tree; do
    ! mountpoint -q "$mount" || umount "$mount"
  done
  rm -rf -- making.*
}
trap sweep EXIT
trap 'exit 130' INT TERM

make_base() {
  echo "making a Debian for test hosts from $mirror" >&2
  debootstrap --variant=minbase --include="$bare" "$suite" making.base "$mirror" >debootstrap.log 2>&1 ||
    { tail -n 20 debootstrap.log >&2 && return 1; }
  rm -f making.base/var/cache/apt/archives/*.deb making.base/etc/ssh/ssh_host_*
  # Each host gets its own at its first boot.
  : >making.base/etc/machine-id
  rm -f making.base/etc/hostname
  mv making.base "$base"
}

make_layer() {
  echo "adding podman for test hosts" >&2
  mkdir making.layer making.work making.tree
  mount -t overlay overlay -o "lowerdir=$base,upperdir=making.layer,workdir=making.work" making.tree
  mount -t proc proc making.tree/proc
  cp /etc/resolv.conf making.tree/etc/resolv.conf
  printf '#!/bin/sh\nexit 101\n' >making.tree/usr/sbin/policy-rc.d
  chmod 755 making.tree/usr/sbin/policy-rc.d
  # shellcheck disable=SC2086 # one word per package
  { chroot making.tree apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    chroot making.tree apt-get install -y -qq --no-install-recommends $more; } >podman.log 2>&1 ||
    { tail -n 20 podman.log >&2 && return 1; }
  for firewall in ufw firewalld; do
    chroot making.tree apt-get install -y -qq --no-install-recommends --download-only "$firewall" >>podman.log 2>&1
  done
  mkdir making.packages
  mv making.tree/var/cache/apt/archives/*.deb making.packages/
  for deb in making.packages/*.deb; do
    dpkg-deb -f "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${deb##*/}" "$(stat -c %s "$deb")" \
      "$(sha256sum <"$deb" | cut -d " " -f 1)"
  done >making.index
  mv making.index making.packages/Packages
  rm -rf making.tree/usr/sbin/policy-rc.d making.tree/etc/resolv.conf making.tree/var/lib/apt/lists/* \
    making.tree/var/cache/apt/*
  umount making.tree/proc making.tree
  mv making.packages "$packages"
  mv making.layer "$layer"
}

sweep
[ -d "$base" ] || make_base
[ -d "$layer" ] || make_layer
# Those of older recipes, once nobody has used them for long.
touch "$base" "$layer" "$packages"
find . -maxdepth 1 \( -name 'debian-*' -o -name 'podman-*' -o -name 'packages-*' \) -mtime +7 -exec rm -rf -- {} +
printf '%s\n' "$base" "$layer" "$packages"
