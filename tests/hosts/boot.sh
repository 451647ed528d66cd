#!/bin/sh
# Runs a test host until it is switched off: a systemd of its own on a disk that is a copy-on-write view
# of what image.sh made. Boots again when it asked for a reboot, which systemd-nspawn says with 133.
# In a mount namespace of its own, so that nothing stays mounted after its last process.
#
#   unshare -m --propagation private sh boot.sh <directory> <group> <lower directories> <network>
#     <host name> [option of systemd-nspawn...]
#
# directory: upper, work, root (the mount point) and home; group: name of its cgroup
set -eu
dir=$1 group=$2 lower=$3 network=$4 name=$5
shift 5

mount --make-rprivate /
umount -R /sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$group"
echo $$ >"/sys/fs/cgroup/$group/cgroup.procs"
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
# Rootless podman needs a home that is no overlay, /proc/sys/net and the system calls of its runtime.
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
status=133
while [ "$status" = 133 ]; do
  status=0
  systemd-nspawn --quiet --boot --register=no --keep-unit -M "$group" --hostname="$name" -D "$dir/root" \
    --network-namespace-path="$network" --link-journal=no --resolv-conf=off --timezone=off \
    --bind="$dir/home:/home" --bind=/dev/fuse --capability=CAP_NET_ADMIN,CAP_NET_RAW \
    --system-call-filter='add_key keyctl bpf' --console=pipe "$@" systemd.unit=multi-user.target || status=$?
done
exit "$status"
