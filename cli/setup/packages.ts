/** Names of packages by the manager that knows them. A name with `?` is wanted only where it exists. */

/** What containers of an ordinary account need. */
export const PODMAN_PACKAGES = {
  apt: "podman crun catatonit uidmap slirp4netns fuse-overlayfs dbus-user-session passt?",
  dnf: "podman crun shadow-utils fuse-overlayfs dbus-daemon tar gzip slirp4netns? passt?",
} as const;
