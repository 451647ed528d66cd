/** A connection to the proxy of another host, on which one question may be asked. */
import type { Bytes, Connection } from "./engine.ts";

/** Enough for a reply and what a server that speaks first says at once. */
export const EARLY_BYTES = 1024;

/** Keeps what was read. Whoever has it closes the connection. */
export class PeerLine {
  readonly #buffer: Bytes = new Uint8Array(EARLY_BYTES);
  #length = 0;
  #ahead: Promise<number | null> | undefined;

  constructor(readonly connection: Connection) {}

  /** What was read so far. */
  get bytes(): Bytes {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Whether it was kept for a while before the question. */
  get isKept(): boolean {
    return this.#ahead !== undefined;
  }

  /**
   * Keeps the connection for a later question: reads ahead, and calls `onEnd` when the other side ends
   * it, or says something that nobody asked for. Once a question was sent, `onEnd` means nothing.
   */
  keep(onEnd: () => void): void {
    this.#ahead = this.connection.read(this.#buffer);
    this.#ahead.then(onEnd, onEnd);
  }

  /** Writes all of `data`. Rejects when the connection broke. */
  async send(data: Uint8Array): Promise<void> {
    for (let sent = 0; sent < data.length;) {
      sent += await this.connection.write(data.subarray(sent));
    }
  }

  /** Reads on, up to `limit` bytes in all where nothing was read ahead; `false` at the end. */
  async read(limit: number): Promise<boolean> {
    const reading = this.#ahead ?? this.connection.read(this.#buffer.subarray(this.#length, limit));
    this.#ahead = undefined;
    const read = await reading;
    this.#length += read ?? 0;
    return read !== null;
  }
}
