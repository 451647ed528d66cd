/**
 * The only part of the daemon that works as root in directories of users: mounts and unmounts the
 * ramdisks of one release. A process of its own, so that nothing a user prepares can hold up the daemon.
 *
 *   mount <home> <pod> <version> <uid> <gid> [name:<MiB>M...]
 *   unmount <home> <pod> <version> <uid>
 */
import { HeldDirectory } from "./directory_chain.ts";
import { isCleanPath } from "./find_homes.ts";
import {
  isPlaceable,
  mountedMib,
  mountedRamdisks,
  parseMounts,
  parseRamdisks,
  type Ramdisk,
  RAMDISK_SOURCE,
  ramdiskDirectory,
  type RamdiskPlace,
} from "./ramdisk.ts";

/** @throws when anything is not as it has to be; what was mounted before that stays */
export function ramdiskMain(argv: readonly string[]): void {
  const [action, home = "", pod = "", version = "", uidText, gidText, ...list] = argv;
  const place = { home, pod, version };
  const disks = parseRamdisks(list.join("\n"));
  if (!isCleanPath(home) || !isPlaceable(place, disks)) {
    throw new Error(`Cannot ${action} ramdisks: a name is no plain one: ${argv.join(" ")}`);
  }
  const uid = Number(uidText);
  // Root's own directories are no host homes of the system mode.
  if (!(uid > 0)) throw new Error(`Cannot ${action} ramdisks for the user ${uidText}`);
  if (action === "unmount") return unmountAll(place, uid);
  if (action !== "mount") throw new Error(`There is no action ${action} for ramdisks`);
  mountAll(place, disks, uid, Number(gidText));
}

function mountAll(
  place: RamdiskPlace,
  disks: readonly Ramdisk[],
  uid: number,
  gid: number,
): void {
  const mounts = readMounts();
  const there = new Set(mountedRamdisks(place, mounts));
  const missing = disks.filter(({ name }) => !there.has(name));
  const wanted = missing.reduce((sum, { mib }) => sum + mib, mountedMib(place.home, mounts));
  const most = Deno.systemMemoryInfo().total / 1024 / 1024 / 2;
  if (wanted > most) {
    throw new Error(
      `The ramdisks of ${place.home} would take ${wanted} MiB, more than half of the memory; ` +
        "make them smaller in pod.yaml",
    );
  }
  const parent = ownedBy(uid, HeldDirectory.open(ramdiskDirectory(place)));
  for (const { name, mib } of missing) {
    const directory = ownedBy(uid, parent.enter(name));
    if (directory.stat().dev !== parent.stat().dev) {
      throw new Error(`${directory.path} is another file system already`);
    }
    directory.mountMemory(RAMDISK_SOURCE, mib, uid, gid);
  }
}

function unmountAll(place: RamdiskPlace, uid: number): void {
  const names = mountedRamdisks(place, readMounts());
  if (names.length === 0) return;
  const parent = ownedBy(uid, HeldDirectory.open(ramdiskDirectory(place)));
  for (const name of names) parent.unmount(name);
}

function readMounts() {
  return parseMounts(Deno.readTextFileSync("/proc/self/mountinfo"));
}

/** Whoever owns a directory may have something mounted there; nobody may for others. */
function ownedBy(uid: number, directory: HeldDirectory): HeldDirectory {
  const owner = directory.stat().uid;
  if (owner !== uid) throw new Error(`${directory.path} belongs to the user ${owner}, not ${uid}`);
  return directory;
}
