/** The streams of a remote program: feeding its input, keeping its output under a limit. */
import { findBegin } from "./remote_command.ts";
import type { ClientChannel } from "./ssh2.ts";

/** Bytes that a login shell may print before the program begins. */
const MAX_BANNER_BYTES = 1024 * 1024;

/** What came on one of a program's outputs. */
export class Output {
  /** Process id of the program, once its output has begun. */
  pid?: number;
  begun = false;
  #chunks: Uint8Array[] = [];
  #length = 0;

  /** @param limit bytes that the program may write */
  constructor(readonly limit: number) {}

  /** Keeps a chunk; `false` when that is more than allowed, the chunk is dropped then. */
  add(chunk: Uint8Array): boolean {
    if (this.#length + chunk.length > (this.begun ? this.limit : MAX_BANNER_BYTES)) return false;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    return this.begun || this.#lookForBegin();
  }

  /** What the program itself wrote. */
  own(): Uint8Array {
    return this.begun ? this.all() : new Uint8Array();
  }

  /** Everything that is kept, which is forgotten. */
  take(): Uint8Array {
    const all = this.all();
    this.#chunks = [];
    this.#length = 0;
    return all;
  }

  /** Everything that is kept. */
  all(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return all;
  }

  /** Drops what the login shell printed, as soon as the program has begun. */
  #lookForBegin(): boolean {
    const all = this.all();
    const begin = findBegin(all);
    this.#chunks = [all];
    if (begin === undefined) return true;
    this.begun = true;
    if (begin.pid !== undefined) this.pid = begin.pid;
    this.#chunks = [];
    this.#length = 0;
    return this.add(all.subarray(begin.offset));
  }
}

/**
 * Writes `source` into a channel, as fast as the other side takes it, and ends its input. `stop` ends
 * the writing early, which is no error.
 *
 * @throws what `source` fails with
 */
export async function feedChannel(
  channel: ClientChannel,
  source: Uint8Array | ReadableStream<Uint8Array> | undefined,
  stop: AbortSignal,
): Promise<void> {
  const stopped = new Promise<"stopped">((resolve) => {
    stop.addEventListener("abort", () => resolve("stopped"), { once: true });
    channel.once("close", () => resolve("stopped"));
  });
  if (!(source instanceof ReadableStream)) {
    channel.end(source);
    return;
  }
  const reader = source.getReader();
  try {
    for (;;) {
      const next = await Promise.race([reader.read(), stopped]);
      if (next === "stopped" || next.done) break;
      const written = new Promise<"written">((resolve) => {
        channel.write(next.value, () => resolve("written"));
      });
      if (await Promise.race([written, stopped]) === "stopped") break;
    }
  } finally {
    channel.end();
    // A source that failed can't be cancelled any more; its failure is on its way already.
    await reader.cancel().catch(() => {});
  }
}
