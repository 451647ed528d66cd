/**
 * One direction of a relay: bytes from a source to a sink, without a callback for any of them.
 *
 * Reads go into one buffer that all flows share, and are sent at once. What the sink does not take
 * is kept, and nothing is read until it did: all other waiting is the kernel's. A stream that fills
 * the buffer again and again is spliced through a pipe instead of being copied.
 */
import type { Opening } from "../opening.ts";
import type { LinuxConnection } from "./connection.ts";
import { EAGAIN, EINTR } from "./errno.ts";
import type { Deferred, EventLoop } from "./event_loop.ts";
import type { Pipe, Pipes } from "./pipes.ts";

/** Reads of one flow in a row before others get their turn. */
const BUDGET = 16;
/** Full reads in a row that make a stream bulk, and reads of less than `SMALL` bytes that end it. */
const BULK = { fullReads: 2, smallReads: 8, small: 16 * 1024 };

/** What all flows of one engine share. */
export interface FlowMeans {
  readonly loop: EventLoop;
  readonly pipes: Pipes;
  /** For reads; what is in it is sent or copied before the next one. */
  readonly buffer: Uint8Array<ArrayBuffer>;
}

/** Hears how a flow ends. Each tells at most one of them, once. */
export interface FlowOwner {
  /** All that the source sent was passed on. */
  sourceEnded(flow: Flow): void;
  sourceBroke(flow: Flow): void;
  sinkBroke(flow: Flow): void;
  /** Bytes were passed on. */
  passed(): void;
}

export class Flow implements Deferred {
  /** Bytes passed on. */
  count = 0;
  /** Nothing more is passed on. */
  done = false;
  /** Looks at the first bytes, until it has seen enough. */
  opening: Opening | undefined;
  /** What the sink did not take yet. */
  #unsent: Uint8Array | undefined;
  #pipe: Pipe | undefined;
  #bulk = false;
  /** Reads in a row that speak for a change between copying and splicing. */
  #votes = 0;
  #deferred = false;

  constructor(
    readonly source: LinuxConnection,
    readonly sink: LinuxConnection,
    private readonly owner: FlowOwner,
    private readonly means: FlowMeans,
  ) {}

  /** Whether all that was read is sent. */
  get isFlushed(): boolean {
    return !this.#unsent && !this.#pipe?.held;
  }

  /** Passes on what it can for now. */
  pump(): void {
    for (let left = BUDGET; !this.done;) {
      const flushed = this.#flush();
      if (this.done) return;
      // What comes meanwhile waits in the kernel, where it wakes nobody.
      this.source.hear(flushed);
      if (!flushed) return;
      if (this.source.ended) return this.#end();
      if (!this.source.readable || !this.sink.writable) return this.#releasePipe();
      if (left-- === 0) return this.#defer();
      if (this.#bulk) this.#splice();
      else this.#copy();
    }
  }

  /** Its turn after others had theirs. */
  go(): void {
    this.#deferred = false;
    this.pump();
  }

  /** Sends `data` after all before it; it may be kept. The next `pump` goes on. */
  send(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#unsent = this.#unsent ? concat(this.#unsent, data) : data;
    this.#flush();
  }

  /** Ends it without a word, and gives back what it borrowed. */
  stop(): void {
    this.done = true;
    this.#unsent = undefined;
    this.opening = undefined;
    this.#releasePipe();
  }

  /** Sends what is kept; `false` when the sink does not take all of it. */
  #flush(): boolean {
    while (this.#pipe && this.#pipe.held > 0) {
      if (!this.sink.writable) return false;
      if (!this.#sent(this.#pipe.drain(this.sink))) return false;
    }
    while (this.#unsent) {
      if (!this.sink.writable) return false;
      const length = this.sink.send(this.#unsent, this.#unsent.length);
      if (!this.#sent(length)) return false;
      if (length > 0) {
        const whole = length === this.#unsent.length;
        this.#unsent = whole ? undefined : this.#unsent.subarray(length);
      }
    }
    return true;
  }

  #copy(): void {
    const { buffer } = this.means;
    const length = this.source.receive(buffer, buffer.length);
    if (length <= 0) return this.#notRead(length);
    if (this.opening) {
      if (!this.opening.passes(buffer[0]!)) {
        return this.#open(this.opening, buffer.subarray(0, length));
      }
      this.opening = undefined;
    }
    if (length < buffer.length) this.#votes = 0;
    else if (++this.#votes >= BULK.fullReads) this.#setBulk(true);
    const sent = this.sink.send(buffer, length, this.source.ended);
    if (sent === length) {
      this.count += length;
      this.owner.passed();
      return;
    }
    if (sent > 0 || sent === -EAGAIN || sent === -EINTR) {
      this.#unsent = buffer.slice(Math.max(sent, 0), length);
    }
    this.#sent(sent);
  }

  #splice(): void {
    this.#pipe ??= this.means.pipes.take();
    if (!this.#pipe) return this.#copy();
    const length = this.#pipe.fill(this.source);
    if (length <= 0) return this.#notRead(length);
    if (length >= BULK.small) this.#votes = 0;
    else if (++this.#votes >= BULK.smallReads) this.#setBulk(false);
  }

  #open(opening: Opening, bytes: Uint8Array<ArrayBuffer>): void {
    // After time ended the opening, what comes is data like any other.
    const data = opening.done ? bytes : opening.take(bytes);
    if (opening.done) this.opening = undefined;
    this.send(data);
    // What was sent in part is in the buffer that others use next.
    if (this.#unsent?.buffer === this.means.buffer.buffer) this.#unsent = this.#unsent.slice();
  }

  /** Counts what a write did; `false` when it did not. */
  #sent(length: number): boolean {
    if (length >= 0) {
      this.count += length;
      this.owner.passed();
      return true;
    }
    if (length === -EINTR) return true;
    if (length !== -EAGAIN) {
      this.stop();
      this.owner.sinkBroke(this);
    }
    return false;
  }

  #notRead(length: number): void {
    if (length === 0 || length === -EAGAIN || length === -EINTR) return; // `pump` sees what follows.
    this.stop();
    this.owner.sourceBroke(this);
  }

  #end(): void {
    if (this.opening) {
      const { opening } = this;
      this.opening = undefined;
      // One that time ended holds nothing any more.
      if (!opening.done) this.send(opening.end());
      return this.pump();
    }
    this.stop();
    this.owner.sourceEnded(this);
  }

  #setBulk(bulk: boolean): void {
    this.#bulk = bulk;
    this.#votes = 0;
  }

  #defer(): void {
    if (this.#deferred) return;
    this.#deferred = true;
    this.means.loop.defer(this);
  }

  #releasePipe(): void {
    if (!this.#pipe) return;
    this.means.pipes.give(this.#pipe);
    this.#pipe = undefined;
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
