/**
 * Directories that a user owns, opened by root step by step without following a link, and mounts on
 * what was opened. A path that the user exchanges afterwards changes nothing: an open directory is
 * reached by its number below /proc/self/fd, never by its name again.
 *
 * For short-lived processes: a directory may be a file system of the user's that never answers.
 */

const PATH = 0o10000000;
const CLOEXEC = 0o2000000;
/** These two differ between processors. */
const [DIRECTORY, NOFOLLOW] = Deno.build.arch === "aarch64"
  ? [0o40000, 0o100000]
  : [0o200000, 0o400000];
const OPEN_FLAGS = PATH | CLOEXEC | DIRECTORY | NOFOLLOW;
const MS_NOSUID_NODEV = 2 | 4;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
/** The present directory, to begin at; ignored with an absolute path. */
const AT_FDCWD = -100;

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  openat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  mount: { parameters: ["buffer", "buffer", "buffer", "usize", "buffer"], result: "i32" },
  umount2: { parameters: ["buffer", "i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
});
const errnoView = new Deno.UnsafePointerView(libc.__errno_location()!);

/** A C string. */
const c = (text: string) => new TextEncoder().encode(`${text}\0`);

/** A directory that is held open, and cannot turn into another one. */
export class HeldDirectory {
  private constructor(readonly path: string, readonly fd: number) {}

  /**
   * @param path absolute, without `.` and `..`
   * @throws when a part of it is a link, no directory, or not there
   */
  static open(path: string): HeldDirectory {
    let held = new HeldDirectory("", openAt(AT_FDCWD, "/", "/"));
    for (const name of path.split("/").slice(1)) held = held.enter(name);
    return held;
  }

  /** @throws when it is a link, no directory, or not there */
  enter(name: string): HeldDirectory {
    const path = `${this.path}/${name}`;
    return new HeldDirectory(path, openAt(this.fd, name, path));
  }

  /** What it is. */
  stat(): Deno.FileInfo {
    return Deno.statSync(`/proc/self/fd/${this.fd}/.`);
  }

  /** Mounts memory on it, which its owner alone may enter. */
  mountMemory(source: string, mib: number, uid: number, gid: number): void {
    // An inode per 4 KiB: the kernel's memory is bounded as well.
    const options = `size=${mib}m,nr_inodes=${mib * 256 + 16},mode=0700,uid=${uid},gid=${gid}`;
    const target = c(`/proc/self/fd/${this.fd}`);
    const failed = libc.mount(c(source), target, c("tmpfs"), BigInt(MS_NOSUID_NODEV), c(options));
    if (failed) throw systemError(`mount memory on ${this.path}`);
  }

  /** Unmounts what is mounted on its entry `name`; who still uses that keeps it until they end. */
  unmount(name: string): void {
    const target = c(`/proc/self/fd/${this.fd}/${name}`);
    if (libc.umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW)) {
      throw systemError(`unmount ${this.path}/${name}`);
    }
  }
}

function openAt(fd: number, name: string, path: string): number {
  const opened = libc.openat(fd, c(name), OPEN_FLAGS);
  if (opened < 0) throw systemError(`open ${path}`);
  return opened;
}

const MEANINGS: Readonly<Record<number, string>> = {
  1: "not permitted",
  2: "it is not there",
  12: "out of memory",
  13: "access denied",
  16: "it is in use",
  20: "it is a link, or no directory",
  22: "it is no mount point, or an option is wrong",
  40: "it is a link",
};

function systemError(what: string): Error {
  const code = errnoView.getInt32();
  return new Error(`Cannot ${what}: ${MEANINGS[code] ?? "the system refuses"} (errno ${code})`);
}
