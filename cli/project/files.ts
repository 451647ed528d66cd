/** Small file operations that the whole project model needs. */
import { basename, dirname, join } from "node:path";

/** The text of a file, or `undefined` when there is none. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot read ${path}`, { cause: error });
  }
}

/** What stands at `path`, links not followed; `undefined` when nothing does. */
export async function statIfPresent(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

/** Whether a directory stands at `path`. */
export async function isDirectory(path: string): Promise<boolean> {
  return (await statIfPresent(path))?.isDirectory ?? false;
}

/** Names in a directory that don't start with a dot, sorted; none when the directory is absent. */
export async function visibleNames(
  path: string,
  wanted: (entry: Deno.DirEntry) => boolean = () => true,
): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) {
      if (!entry.name.startsWith(".") && wanted(entry)) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** Replaces the file at `path` by one with `data`: a reader sees the old or the new one. */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  mode?: number,
): Promise<void> {
  const temp = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    using file = await Deno.open(temp, { write: true, createNew: true });
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
    // The umask applies to the mode of a new file, so it is set afterwards.
    if (mode !== undefined) await Deno.chmod(temp, mode);
    await Deno.rename(temp, path);
  } catch (error) {
    await removeIfPresent(temp);
    throw new Error(`Cannot write ${path}`, { cause: error });
  }
}

/** Removes what stands at `path`, whole directories too; nothing there is fine. */
export async function removeIfPresent(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Copies a directory's content into `to` (made when absent): dot files, links as links, modes kept.
 * What is there under other names stays.
 */
export async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory) {
      if (await statIfPresent(target) && !await isDirectory(target)) await Deno.remove(target);
      await copyTree(source, target);
      continue;
    }
    await removeIfPresent(target);
    if (entry.isSymlink) await Deno.symlink(await Deno.readLink(source), target);
    else if (entry.isFile) await Deno.copyFile(source, target);
    else throw new Error(`Cannot copy "${source}": it is no file, directory or link`);
  }
  const { mode } = await Deno.stat(from);
  if (mode !== null) await Deno.chmod(to, mode & 0o7777);
}
