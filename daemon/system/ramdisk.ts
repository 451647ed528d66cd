/** Ramdisks: what a pod asks for, and what is mounted. Pure. */

export interface Ramdisk {
  readonly name: string;
  /** MiB, at least 1. */
  readonly mib: number;
}

/** Where the ramdisks of one release belong. */
export interface RamdiskPlace {
  /** The host home: an absolute path without links. */
  readonly home: string;
  readonly pod: string;
  readonly version: string;
}

/** What mounts of ours are called in the table of mounts. */
export const RAMDISK_SOURCE = "simplenetes-ramdisk";
/** Ramdisks that one release may have. */
export const MOST_RAMDISKS = 32;

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
/** A pod or version as the name of a directory; dot names are retired releases. */
const RELEASE_PART = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$/;

/**
 * What a pod's `create-ramdisks --list` printed.
 *
 * @throws when a line is not `name:<MiB>M`
 */
export function parseRamdisks(text: string): readonly Ramdisk[] {
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => {
    const [, name, mib] = /^([^:]+):([1-9][0-9]{0,6})M$/.exec(line.trim()) ?? [];
    if (!name || !NAME.test(name)) {
      throw new Error(`its ramdisk ${JSON.stringify(line.slice(0, 80))} is no name:<MiB>M`);
    }
    return { name, mib: Number(mib) };
  });
}

/** Whether all of this may be put into a path. */
export function isPlaceable(
  place: Omit<RamdiskPlace, "home">,
  disks: readonly Ramdisk[],
): boolean {
  return RELEASE_PART.test(place.pod) && RELEASE_PART.test(place.version) &&
    disks.length <= MOST_RAMDISKS && new Set(disks.map(({ name }) => name)).size === disks.length &&
    disks.every(({ name, mib }) => NAME.test(name) && Number.isInteger(mib) && mib >= 1);
}

export interface Mount {
  /** As the kernel calls it now. */
  readonly path: string;
  readonly type: string;
  readonly source: string;
  /** MiB, of a file system in memory that says so. */
  readonly mib?: number;
}

/** Reads /proc/self/mountinfo. */
export function parseMounts(mountinfo: string): readonly Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const path = before.split(" ")[4];
    const [type, source, options = ""] = after.split(" ");
    if (path === undefined || type === undefined || source === undefined) return [];
    const kib = /(?:^|,)size=([0-9]+)k(?:,|$)/.exec(options)?.[1];
    const size = kib === undefined ? {} : { mib: Number(kib) / 1024 };
    return [{ path: unescapeOctal(path), type, source: unescapeOctal(source), ...size }];
  });
}

/** Blanks and the like stand there as \040. */
function unescapeOctal(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes = new TextEncoder().encode(text);
  const plain: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const digits = bytes[at] === 0x5c && /^[0-3][0-7]{2}$/.test(text3(bytes, at + 1));
    plain.push(digits ? parseInt(text3(bytes, at + 1), 8) : bytes[at]!);
    if (digits) at += 3;
  }
  return new TextDecoder().decode(Uint8Array.from(plain));
}

const text3 = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at, at + 3));

/** The directory of a release's ramdisks. */
export function ramdiskDirectory({ home, pod, version }: RamdiskPlace): string {
  return `${home}/pods/${pod}/release/${version}/ramdisk`;
}

/** Names of the ramdisks that are mounted there, as often as they are. */
export function mountedRamdisks(place: RamdiskPlace, mounts: readonly Mount[]): readonly string[] {
  const prefix = `${ramdiskDirectory(place)}/`;
  return mounts.filter(isOurs)
    .filter(({ path }) => path.startsWith(prefix) && NAME.test(path.slice(prefix.length)))
    .map(({ path }) => path.slice(prefix.length));
}

/** MiB of all ramdisks of a host home. */
export function mountedMib(home: string, mounts: readonly Mount[]): number {
  return mounts.filter(isOurs).filter(({ path }) => path.startsWith(`${home}/`))
    .reduce((sum, { mib = 0 }) => sum + mib, 0);
}

function isOurs({ type, source }: Mount): boolean {
  return type === "tmpfs" && source === RAMDISK_SOURCE;
}
