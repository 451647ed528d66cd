/** A connection to the proxy of another host, on which one question may be asked. */
import { type Bytes, type Connection, sendAll } from "./engine.ts";

/**
 * Enough for a reply and the beginning of what a server that speaks first says at once. Larger buffers
 * would lie outside of the heap, at a price that shows.
 */
export const EARLY_BYTES = 64;

/** Keeps what was read. Whoever has it closes the connection. */
export class PeerLine {
  /** What was read so far, up to {@link length}. */
  readonly buffer: Bytes = new Uint8Array(EARLY_BYTES);
  #length = 0;
  #reading = false;
  /** What the last read led to, when nobody asked for it yet: whether there is more. */
  #unheard: boolean | undefined;
  #onRead: ((more: boolean) => void) | undefined;

  constructor(readonly connection: Connection) {}

  get length(): number {
    return this.#length;
  }

  /**
   * Keeps the connection for a later question: reads ahead, and calls `onEnd` when the other side ends
   * it, or says something that nobody asked for. Once a question was sent, `onEnd` means nothing.
   */
  keep(onEnd: () => void): void {
    this.#receive(EARLY_BYTES, (more) => {
      this.#unheard = more;
      onEnd();
    });
  }

  /** Writes all of `data`; `done` hears whether it could. */
  send(data: Uint8Array, done: (sent: boolean) => void): void {
    sendAll(this.connection, data, done);
  }

  /**
   * Reads on, up to `limit` bytes in all where nothing was read ahead; `done` hears `false` at the end,
   * also when the connection broke.
   */
  read(limit: number, done: (more: boolean) => void): void {
    const unheard = this.#unheard;
    this.#unheard = undefined;
    if (unheard !== undefined) done(unheard);
    else if (this.#reading) this.#onRead = done;
    else this.#receive(limit, done);
  }

  #receive(limit: number, done: (more: boolean) => void): void {
    const whole = this.#length === 0 && limit === EARLY_BYTES;
    const room = whole ? this.buffer : this.buffer.subarray(this.#length, limit);
    this.#reading = true;
    this.#onRead = done;
    this.connection.readThen(room, (read) => {
      this.#reading = false;
      if (typeof read === "number") this.#length += read;
      this.#onRead!(typeof read === "number");
    });
  }
}
