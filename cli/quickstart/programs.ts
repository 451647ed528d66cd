/** Where the programs of this release are, for commands that other programs run. */
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { statIfPresent } from "../project/files.ts";

/** How the programs get into PATH. */
export interface Programs {
  /** Directory to put in front of PATH; absent when they are in it. */
  readonly dir?: string;
  /** The portable file that links in `dir` have to be made to. */
  readonly portable?: string;
}

/** What this process was started from. */
export interface Origin {
  readonly env: (name: string) => string | undefined;
  /** URL of the program's entry. */
  readonly main: string;
  /** Path of the executable that runs it. */
  readonly executable: string;
}

const NEEDED = ["sns", "simplenetesd", "simplenetes-proxy"];

/**
 * Finds the programs: installed, beside this one, in the sources, or in the portable file.
 *
 * @param linksDir where links to the portable file may be made
 * @returns `undefined` when there are none
 */
export async function findPrograms(
  origin: Origin,
  linksDir: string,
): Promise<Programs | undefined> {
  const installed = origin.env("SIMPLENETES_BIN");
  const path = (origin.env("PATH") ?? "").split(":").filter((dir) => dir.startsWith("/"));
  if (installed && await hasAll(installed)) {
    return path.includes(installed) ? {} : { dir: installed };
  }
  const own = ownDirectory(origin);
  if (own !== undefined && await hasAll(own)) return path.includes(own) ? {} : { dir: own };
  const portable = origin.env("SIMPLENETES_PORTABLE");
  if (portable) return { dir: linksDir, portable: await Deno.realPath(portable) };
  for (const dir of path) if (await hasAll(dir)) return {};
  return undefined;
}

/** Scripts of the sources, or what lies beside an executable. */
function ownDirectory({ main, executable }: Origin): string | undefined {
  if (!basename(executable).startsWith("deno")) return dirname(executable);
  if (!main.endsWith("/cli/main.ts") || !main.startsWith("file:")) return undefined;
  return join(dirname(dirname(fileURLToPath(main))), "scripts", "bin");
}

async function hasAll(dir: string): Promise<boolean> {
  for (const name of NEEDED) if (!await statIfPresent(join(dir, name))) return false;
  return true;
}
