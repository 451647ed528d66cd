/** Passes a reset on to a slow reader: after what was sent to it before. */
import type { Driver, LinuxConnection } from "./connection.ts";
import type { EventLoop } from "./event_loop.ts";

/** Pauses between two looks at what is not delivered yet, in milliseconds: doubling from first to last. */
const LOOK_MS = { first: 5, last: 200 };
/** A reader that takes nothing for this long, in milliseconds, gets no more. */
const PATIENCE_MS = 30_000;

/**
 * A reset throws away what waits in the kernel to be sent, which a plain end does not. But the reader has
 * to hear that the stream broke: so the reset comes when all was acknowledged.
 */
export class LateReset implements Driver {
  #left: number;
  #pauseMs = LOOK_MS.first;
  #until: number;
  #cancel: () => void;
  #over = false;

  /** @param onEnd Called once, when `connection` is closed, by this or by somebody else. */
  constructor(
    private readonly connection: LinuxConnection,
    private readonly loop: EventLoop,
    private readonly onEnd: () => void,
  ) {
    connection.driver = this;
    this.#left = connection.undelivered;
    this.#until = performance.now() + PATIENCE_MS;
    this.#cancel = loop.after(this.#pauseMs, () => this.#look());
  }

  ready(connection: LinuxConnection): void {
    if (connection.hungUp) connection.reset();
  }

  closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancel();
    this.onEnd();
  }

  #look(): void {
    const left = this.connection.undelivered;
    const now = performance.now();
    if (left < this.#left) this.#until = now + PATIENCE_MS;
    this.#left = left;
    if (left === 0 || now >= this.#until) return this.connection.reset();
    this.#pauseMs = Math.min(this.#pauseMs * 2, LOOK_MS.last);
    this.#cancel = this.loop.after(this.#pauseMs, () => this.#look());
  }
}
