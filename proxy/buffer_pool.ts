/** Buffers for the relay, kept for reuse. */
import type { Bytes } from "./engine.ts";

/** Size of the buffer that an idle direction holds. */
export const SMALL_BYTES = 8 * 1024;
/** Size of the buffer that a direction under load borrows. */
export const BIG_BYTES = 256 * 1024;
/** How many of each are kept when nobody uses them. */
const KEPT = { small: 1024, big: 64 };

/** Two sizes of buffers. Those not given back are left to the garbage collector. */
export class BufferPool {
  readonly #small: Bytes[] = [];
  readonly #big: Bytes[] = [];

  small(): Bytes {
    return this.#small.pop() ?? new Uint8Array(SMALL_BYTES);
  }

  big(): Bytes {
    return this.#big.pop() ?? new Uint8Array(BIG_BYTES);
  }

  /** Takes a buffer back; whoever gives it must not use it any more. */
  give(buffer: Bytes): void {
    if (buffer.length === BIG_BYTES) {
      if (this.#big.length < KEPT.big) this.#big.push(buffer);
    } else if (this.#small.length < KEPT.small) this.#small.push(buffer);
  }
}
