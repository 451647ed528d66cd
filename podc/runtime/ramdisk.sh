# --- ramdisks -----------------------------------------------------------------
# "ramdisks" lists them, one "<name> <MiB>" a line. Root mounts memory at ramdisk/<name>; where
# nobody does, the pod makes plain directories, which go with it.

is_mounted() { # ramdisk
  grep -q " $(printf '%s' "$PWD/ramdisk/$1" | sed 's/ /\\\\040/g') " /proc/mounts
}

make_ramdisk_dirs() {
  [ -n "$ramdisks" ] || return 0
  printf '%s' "$ramdisks" | while read -r ramdisk _; do
    mkdir -p ramdisk || exit 1
    [ -d "ramdisk/$ramdisk" ] || mkdir -m 700 "ramdisk/$ramdisk" || exit 1
  done
}
remove_ramdisk_dirs() {
  [ -n "$ramdisks" ] || return 0
  printf '%s' "$ramdisks" | while read -r ramdisk _; do
    is_mounted "$ramdisk" || rm -rf "ramdisk/${ramdisk:?}"
  done
}

list_ramdisks() {
  printf '%s' "$ramdisks" | while read -r ramdisk size; do printf '%s:%sM\n' "$ramdisk" "$size"; done
}

mount_ramdisks() { # as root; what is mounted stays
  owner=$(stat -c '%u %g' .)
  printf '%s' "$ramdisks" | while read -r ramdisk size; do
    is_mounted "$ramdisk" && continue
    if [ -L ramdisk ] || [ -L "ramdisk/$ramdisk" ]; then fail "$PWD/ramdisk/$ramdisk is a link: nothing is mounted there"; fi
    mkdir -p "ramdisk/$ramdisk" || exit 1
    mount -t tmpfs -o "size=${size}m,mode=700,uid=${owner% *},gid=${owner#* }" tmpfs "$PWD/ramdisk/$ramdisk" || exit 1
  done
}
unmount_ramdisks() {
  printf '%s' "$ramdisks" | while read -r ramdisk _; do
    ! is_mounted "$ramdisk" || umount "$PWD/ramdisk/$ramdisk" || exit 1
  done
}
