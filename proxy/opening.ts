/**
 * What is made of a client's first bytes: a PROXY protocol header among them is forwarded to a
 * target that wants one and taken off for one that doesn't, and where it is missing one is made.
 *
 * Only what the client sends is ever held back, never what the target sends. And of that only
 * what may still become a header, for a limited time.
 *
 * - The target wants no header: nothing waits. The client's first bytes are looked at as they come.
 * - It wants one, and none is expected of this client: one is made at once. Should a header come
 *   after all, it is taken off, since the target has its own already.
 * - It wants one, and the client is expected to send it: `waitMs` for the first bytes, then one is made.
 */
import { inspectHeader, mayBeginHeader } from "./proxy_header.ts";

/** How long the start of a header is held until it counts as data, in milliseconds. */
export const PARTIAL_MS = 1000;

const NOTHING = new Uint8Array(0);

/** A pure state machine, for one connection. Feed it, and send what it gives. */
export class Opening {
  #owesHeader: boolean;
  #held = NOTHING;
  #done = false;

  /**
   * @param wantsHeader Whether the target wants a header.
   * @param waitMs For how long a header that is wanted is waited for; 0 for not at all.
   * @param make Makes the header of a client that sends none.
   */
  constructor(
    wantsHeader: boolean,
    private readonly waitMs: number,
    private readonly make: () => Uint8Array,
  ) {
    this.#owesHeader = wantsHeader;
  }

  /** Whether all further bytes pass unseen. */
  get done(): boolean {
    return this.#done;
  }

  /** Call {@link expire} when this many milliseconds pass without bytes; `undefined` means never. */
  get patienceMs(): number | undefined {
    if (this.#done) return undefined;
    if (this.#held.length > 0) return PARTIAL_MS;
    return this.#owesHeader ? this.waitMs : undefined;
  }

  /** What to send before the client sent anything. */
  start(): Uint8Array {
    return this.waitMs > 0 ? NOTHING : this.#owed();
  }

  /**
   * Whether bytes that begin with `first` are nothing to {@link take}, but to be sent as they are: nearly
   * always. Then all is done.
   */
  passes(first: number): boolean {
    if (this.#owesHeader || this.#held.length > 0 || mayBeginHeader(first)) return false;
    return this.#done = true;
  }

  /** The client sent `bytes` (at least one; not kept). Returns what to send; it may be a part of `bytes`. */
  take(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
    const all = this.#held.length > 0 ? concat(this.#held, bytes) : bytes;
    const found = inspectHeader(all);
    if (found === "partial") {
      this.#held = all === bytes ? bytes.slice() : all;
      return NOTHING;
    }
    this.#done = true;
    if (found === "none") return concat(this.#owed(), all);
    const rest = all.subarray(found.length);
    if (!this.#owesHeader) return rest;
    this.#owesHeader = false;
    return concat(found.line ?? this.make(), rest);
  }

  /** {@link patienceMs} passed. Returns what to send. */
  expire(): Uint8Array {
    if (this.#held.length > 0) return this.end();
    return this.#owed();
  }

  /** The client sends nothing more. Returns what to send. */
  end(): Uint8Array {
    this.#done = true;
    return concat(this.#owed(), this.#held);
  }

  #owed(): Uint8Array<ArrayBuffer> {
    if (!this.#owesHeader) return NOTHING;
    this.#owesHeader = false;
    return new Uint8Array(this.make());
  }
}

function concat(a: Uint8Array, b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (a.length === 0) return b;
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
