/** Files in host homes, which belong to others: read without following links, replaced atomically. */
import { basename, dirname, join } from "node:path/posix";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";

/** A regular file as it was read. */
export interface SafeFile {
  readonly text: string;
  /** When its content was last written, Unix milliseconds. */
  readonly writtenMs: number;
}

/** There is something under that name, but nothing that may be read. */
export class UnsafeFileError extends Error {
  override readonly name = "UnsafeFileError";
}

/**
 * Reads a small regular file. The file itself may be no link; its directories are the caller's to check.
 * The system calls block: on a local disk they take microseconds, a tenth of what asking another
 * thread for each of them costs.
 *
 * @param maxBytes larger files are refused
 * @param kind what is under that name, where the caller knows already
 * @returns `undefined` when there is no file
 * @throws {UnsafeFileError} when it is a link, a FIFO, a directory …, too large, or not readable
 */
export function readSafely(
  path: string,
  maxBytes: number,
  kind = lstat(path),
): SafeFile | undefined {
  return readRegular(path, kind, (file, { size, mtimeMs }) => {
    if (size > maxBytes) {
      throw new UnsafeFileError(`${path} has ${size} bytes, more than ${maxBytes}`);
    }
    return { text: readText(file, size), writtenMs: mtimeMs };
  });
}

/**
 * The beginning of a regular file, otherwise like {@link readSafely}.
 *
 * @param bytes how much of it
 */
export function readHead(
  path: string,
  bytes: number,
  kind = lstat(path),
): SafeFile | undefined {
  return readRegular(path, kind, (file, { mtimeMs }) => {
    return { text: readText(file, bytes), writtenMs: mtimeMs };
  });
}

/** The first `bytes` bytes, or as many as there are. */
function readText(file: number, bytes: number): string {
  const buffer = new Uint8Array(bytes);
  let length = 0;
  while (length < bytes) {
    const more = readSync(file, buffer, length, bytes - length, null);
    if (more === 0) break;
    length += more;
  }
  return new TextDecoder().decode(buffer.subarray(0, length));
}

function readRegular(
  path: string,
  kind: Deno.FileInfo | undefined,
  read: (file: number, info: Stats) => SafeFile,
): SafeFile | undefined {
  if (kind === undefined) return undefined;
  if (!kind.isFile) throw new UnsafeFileError(`${path} is no regular file`);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const info = fstatSync(file);
      // It may have been exchanged since the look at its kind.
      if (!info.isFile()) throw new UnsafeFileError(`${path} is no regular file`);
      return read(file, info);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof UnsafeFileError) throw error;
    if (isGone(error)) return undefined;
    throw new UnsafeFileError(`Cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** What is under `path` itself, links not followed; `undefined` when nothing is. */
export function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Replaces `path` in one step: a reader sees the old text or the new one, also after a crash. */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  const temp = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    const file = await Deno.open(temp, { write: true, createNew: true, mode });
    try {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await Deno.chmod(temp, mode);
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temp, path);
  } catch (error) {
    await Deno.remove(temp).catch((e) => {
      if (!isGone(e)) throw e;
    });
    // The same trouble has the same message each time: the name of the temporary file differs.
    const why = messageOf(error).replaceAll(temp, path);
    throw new Error(`Cannot write ${path}: ${why}`, { cause: error });
  }
}

/** Whether `error` says that a file, or a directory on its path, is not there. */
export function isGone(error: unknown): boolean {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return true;
  }
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The text of an error, for a message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
