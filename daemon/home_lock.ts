/** One daemon per host home: a lock that the system takes back when its holder dies. */
import { isGone, lstat, messageOf } from "./files.ts";
import { homePaths } from "./host/layout.ts";

/** Another daemon holds the home. */
export class HomeBusyError extends Error {
  override readonly name = "HomeBusyError";
}

/**
 * Locks `home` for this process until the result is disposed of.
 *
 * @param holder one line that tells others who holds it
 * @throws {HomeBusyError} when another process holds it
 */
export function lockHome(home: string, holder: string): Promise<Disposable> {
  return lockFile(homePaths(home).daemonLock, home, holder);
}

/**
 * Locks the file `path`, which stands for `what`, for this process until the result is disposed of.
 *
 * @throws {HomeBusyError} when another process holds it
 */
export async function lockFile(path: string, what: string, holder: string): Promise<Disposable> {
  const kind = lstat(path);
  if (kind && !kind.isFile) {
    throw new Error(`Cannot lock ${what}: ${path} is no regular file, remove it`);
  }
  const file = await openLock(path);
  try {
    if (!await file.tryLock(true)) {
      const by = (await Deno.readTextFile(path)).trim() || "unknown";
      throw new HomeBusyError(
        `Cannot serve ${what}: another simplenetesd serves it already (${by}). Stop that one first`,
      );
    }
    await file.truncate(0);
    await file.write(new TextEncoder().encode(`${holder}\n`));
    return { [Symbol.dispose]: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true, write: true, create: true, mode: 0o644 });
  } catch (error) {
    const hint = isGone(error) ? "is the directory still there?" : "may you write there?";
    throw new Error(`Cannot open ${path}: ${messageOf(error)}; ${hint}`, { cause: error });
  }
}
