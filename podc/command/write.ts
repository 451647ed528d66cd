/** Writing several files so that nobody ever sees a half of one. */
import { dirname } from "node:path";

/** What a file is to be: these bytes, or not there at all. */
export interface FileChange {
  readonly path: string;
  readonly content: Uint8Array | undefined;
  /** Permissions; those of a new file by default. */
  readonly mode?: number;
}

/**
 * Makes all `changes`. Everything is written and synced beside its place first and moved in
 * afterwards, in the order given: when writing fails, nothing has changed.
 *
 * @throws what the file system says; no temporary file stays behind
 */
export async function applyChanges(changes: readonly FileChange[]): Promise<void> {
  const staged: { readonly from: string; readonly to: string }[] = [];
  try {
    for (const { path, content, mode } of changes) {
      if (content === undefined) continue;
      const from = `${path}.${crypto.randomUUID()}.tmp`;
      staged.push({ from, to: path });
      await writeSynced(from, content, mode);
    }
    while (staged.length > 0) {
      const { from, to } = staged[0]!;
      await Deno.rename(from, to);
      staged.shift();
    }
  } finally {
    for (const { from } of staged) await removeIfThere(from);
  }
  for (const { path, content } of changes) {
    if (content === undefined) await removeIfThere(path);
  }
  for (const directory of new Set(changes.map(({ path }) => dirname(path)))) {
    await syncDirectory(directory);
  }
}

async function writeSynced(path: string, content: Uint8Array, mode?: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let written = 0; written < content.length;) {
    written += await file.write(content.subarray(written));
  }
  if (mode !== undefined) await Deno.chmod(path, mode);
  await file.sync();
}

async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path);
  await directory.sync();
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
