/** What a release consists of, in the project and on a host, to tell old from new from mixed. */
import { join } from "node:path";

/** What a sync delivers of a release: the text of each file, by its path. Dot files stay away. */
export type ReleaseFiles = ReadonlyMap<string, string>;

/** Reads a release; empty when nothing is there. */
export async function releaseFiles(release: string): Promise<ReleaseFiles> {
  const files = new Map<string, string>();
  for (const name of ["pod", "pod.portmappings.conf"]) await add(files, release, name);
  for (const path of await filesBelow(join(release, "config"))) await add(files, release, path);
  return files;
}

async function add(files: Map<string, string>, release: string, path: string): Promise<void> {
  try {
    files.set(path, await Deno.readTextFile(join(release, path)));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Paths from the directory above `dir` on, without dot files. */
async function filesBelow(dir: string): Promise<string[]> {
  const name = dir.slice(dir.lastIndexOf("/") + 1);
  const paths: string[] = [];
  try {
    for await (const entry of Deno.readDir(dir)) {
      if (entry.name.startsWith(".")) continue;
      if (entry.isFile) paths.push(join(name, entry.name));
      else paths.push(...(await filesBelow(join(dir, entry.name))).map((path) => join(name, path)));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return paths;
}

/** The paths in which two differ. */
export function differences(a: ReleaseFiles, b: ReleaseFiles): string[] {
  const paths = new Set([...a.keys(), ...b.keys()]);
  return [...paths].filter((path) => a.get(path) !== b.get(path)).sort();
}

/** The first line of a file, or `undefined` where there is none. */
export async function lineOf(path: string): Promise<string | undefined> {
  try {
    return (await Deno.readTextFile(path)).split("\n")[0]!;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
