#!/bin/sh
# Ends all that a run of test hosts left: processes by their cgroups, networks by name, files.
#
#   unshare -m --propagation private sh remove_run.sh <directory of the run> <prefix of its names>
set -eu
umount -R /sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 none /sys/fs/cgroup

ended() { # group
  tries=300
  until grep -q 'populated 0' "$1/cgroup.events"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "processes of $1 do not end" >&2 && return 1; }
    sleep 0.1
  done
}

for group in "/sys/fs/cgroup/$2"*; do
  [ ! -d "$group" ] || echo 1 >"$group/cgroup.kill"
done
for group in "/sys/fs/cgroup/$2"*; do
  [ -d "$group" ] || continue
  ended "$group"
  find "$group" -depth -type d -exec rmdir {} \;
done
for network in "/run/netns/$2"*; do
  [ ! -e "$network" ] || ip netns del "${network##*/}"
done
rm -rf -- "$1"
