/** Small files as they were last read, so that a look at all of them costs hardly more than their stats. */
import { lstat, type SafeFile } from "../files.ts";

/** A file that changed so lately (ms) may change again without any sign of it: kernels tick every 1 to 10 ms. */
const UNSETTLED_MS = 40;

interface Known {
  readonly signature: string;
  readonly file: SafeFile;
}

export class FileCache {
  readonly #known = new Map<string, Known>();

  /** @param now Unix milliseconds */
  constructor(readonly now: () => number) {}

  /**
   * What `read` gives for `path`, or gave when the file was the same as now.
   *
   * @param read may throw, which is remembered no more than a file that is not there
   */
  read(
    path: string,
    read: (kind: Deno.FileInfo | undefined) => SafeFile | undefined,
  ): SafeFile | undefined {
    const known = this.#known.get(path);
    const info = lstat(path);
    const signature = info && signatureOf(info);
    if (signature !== undefined && known?.signature === signature) return known.file;
    this.#known.delete(path);
    const file = read(info);
    // What is exchanged while it is read has another time, or is too young.
    if (file && signature !== undefined && this.#isSettled(info!)) {
      this.#known.set(path, { signature, file });
    }
    return file;
  }

  /** The files below `directory` are of no interest any more. */
  forget(directory: string): void {
    for (const path of this.#known.keys()) {
      if (path.startsWith(`${directory}/`)) this.#known.delete(path);
    }
  }

  #isSettled({ mtime, ctime }: Deno.FileInfo): boolean {
    const changed = Math.max(mtime?.getTime() ?? Infinity, ctime?.getTime() ?? Infinity);
    return this.now() - changed > UNSETTLED_MS;
  }
}

function signatureOf({ ino, size, mode, mtime, ctime }: Deno.FileInfo): string {
  return `${ino} ${size} ${mode} ${mtime?.getTime()} ${ctime?.getTime()}`;
}
