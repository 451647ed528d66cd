/** Finds the pod instances of a host home: the releases that have both `pod` and `pod.state`. */
import { join } from "node:path/posix";
import { homePaths, releasePaths, releasesDir } from "./host/layout.ts";
import { isGone, lstat } from "./files.ts";

/** One release of one pod on this host. */
export interface Instance {
  /** `<pod>/<version>`, unique in its host home. */
  readonly id: string;
  readonly pod: string;
  readonly version: string;
  /** Its directory. */
  readonly dir: string;
}

/** What a look at a host home gave. */
export interface Discovered {
  /** Sorted by id. */
  readonly instances: readonly Instance[];
  /** Every directory in which an instance may appear or change, the host home included. */
  readonly directories: readonly string[];
}

/**
 * Looks through `pods/<pod>/release/<version>`. Names that start with a dot are retired releases and
 * are passed over; so are links, wherever they lead, and directories that cannot be read.
 *
 * @param onProblem told of each directory that cannot be read, and of a pod.state that is no file
 */
export function discover(
  home: string,
  onProblem: (path: string, error: unknown) => void = () => {},
): Discovered {
  const instances: Instance[] = [];
  const directories = [home];
  const podsDir = homePaths(home).pods;
  const guard = <T>(path: string, look: (path: string) => T) => {
    try {
      return look(path);
    } catch (error) {
      onProblem(path, error);
      return undefined;
    }
  };
  const list = (directory: string) => guard(directory, subdirectories);

  const pods = list(podsDir);
  if (pods) directories.push(podsDir);
  for (const pod of pods ?? []) {
    const releases = releasesDir(home, pod);
    directories.push(join(podsDir, pod));
    const versions = list(releases);
    if (versions) directories.push(releases);
    for (const version of versions ?? []) {
      const dir = join(releases, version);
      directories.push(dir);
      if (guard(dir, isInstance)) {
        instances.push({ id: `${pod}/${version}`, pod, version, dir });
      }
    }
  }
  return { instances: instances.toSorted((a, b) => (a.id < b.id ? -1 : 1)), directories };
}

/** Names of the directories in `directory`, without dot names and links; `undefined` when it is none itself. */
function subdirectories(directory: string): string[] | undefined {
  if (!lstat(directory)?.isDirectory) return undefined;
  try {
    return [...Deno.readDirSync(directory)]
      .filter((entry) => entry.isDirectory && !entry.name.startsWith("."))
      .map((entry) => entry.name);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** @throws when there is a pod.state that nobody will read: a link, a FIFO, a directory */
function isInstance(dir: string): boolean {
  const { pod, state } = releasePaths(dir);
  if (!lstat(pod)?.isFile) return false;
  const kind = lstat(state);
  if (kind && !kind.isFile) throw new Error(`${state} is no regular file`);
  return kind !== undefined;
}
