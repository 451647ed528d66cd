/** Files that only their owner reads, replaced as a whole. */
import { basename, dirname, join } from "node:path";

/** The bytes of a file, or `undefined` when there is none. */
export async function readIfPresent(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The text of a file, or `undefined` when there is none. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  const bytes = await readIfPresent(path);
  return bytes && new TextDecoder().decode(bytes);
}

/** Replaces the file at `path`: a reader, or a power failure, finds the old or the new text. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const temp = join(dirname(path), `.${basename(path)}.tmp`);
  {
    using file = await Deno.open(temp, { write: true, create: true, truncate: true, mode: 0o600 });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  }
  await Deno.rename(temp, path);
}
