/** What the threads of a proxy know of each other, in memory that all of them have. */

/** Plain data: it may be sent to another thread. */
export interface ThreadShare {
  /** Number of this thread, from 0. */
  readonly thread: number;
  readonly threads: number;
  /** When 0 was on the clock of {@link QueueHeads}, in milliseconds since 1970. */
  readonly epochMs: number;
  /** See {@link QueueHeads}. */
  readonly heads: Int32Array;
  /** See {@link ProbeBoard}. */
  readonly board: Int32Array;
}

const PORTS = 65536;
/** Places on the board; a host and a port have one of them. */
const PLACES = 8192;
const PLACE_INTS = 2;

const shared = (ints: number) => new Int32Array(new SharedArrayBuffer(ints * 4));

/** For each of `threads` its view of the same memory. Pages that nobody uses take none. */
export function shareOf(threads: number): ThreadShare[] {
  const heads = shared(threads * PORTS);
  const board = shared(PLACES * PLACE_INTS);
  const epochMs = now();
  return Array.from({ length: threads }, (_, thread) => (
    { thread, threads, epochMs, heads, board }
  ));
}

/** Milliseconds since 1970 on a clock that goes on evenly, the same in all threads. */
const now = () => performance.timeOrigin + performance.now();

/**
 * Since when the first client in each thread's queue for a cluster port waits. So who waits longest is
 * served first, whichever thread has it.
 */
export class QueueHeads {
  constructor(private readonly share: ThreadShare) {}

  /** How long the first in the own queue for `port` has waited, in milliseconds; `undefined`: the queue is empty. */
  set(port: number, waitedMs: number | undefined): void {
    const { heads, thread, epochMs } = this.share;
    // 0 is for nobody. The clock goes round after some weeks, so only differences count.
    const since = waitedMs === undefined ? 0 : Math.floor(now() - epochMs - waitedMs) | 0 || 1;
    Atomics.store(heads, thread * PORTS + port, since);
  }

  /** Whether someone waits for `port` in another thread. */
  othersWait(port: number): boolean {
    return this.#eldest(port) !== undefined;
  }

  /** Whether someone in another thread has waited for more than `marginMs` longer than the first here. */
  elderWaits(port: number, marginMs: number): boolean {
    const { heads, thread } = this.share;
    const eldest = this.#eldest(port);
    if (eldest === undefined) return false;
    return (Atomics.load(heads, thread * PORTS + port) - eldest | 0) > marginMs;
  }

  #eldest(port: number): number | undefined {
    const { heads, thread, threads } = this.share;
    let eldest: number | undefined;
    for (let other = 0; other < threads; other++) {
      if (other === thread) continue;
      const since = Atomics.load(heads, other * PORTS + port);
      if (since !== 0 && (eldest === undefined || (since - eldest | 0) < 0)) eldest = since;
    }
    return eldest;
  }
}

/** What a background question can come to, as far as all threads may believe it. */
const ANSWERS = ["asking", "ok", "refused", "busy", "silent", "down"] as const;
export type Posted = typeof ANSWERS[number];

/**
 * What the threads are asking other hosts in the background, and what these said, so that one
 * question is enough for all. Where two questions share a place, each hides the other for a while.
 */
export class ProbeBoard {
  constructor(private readonly share: ThreadShare) {}

  /** Posts what became of the question for `port` of `host`; `undefined` as port: whether its proxy is there. */
  post(host: string, port: number | undefined, what: Posted): void {
    const hash = hashOf(host, port);
    const at = placeOf(hash);
    const { board } = this.share;
    Atomics.store(board, at, 0);
    Atomics.store(board, at + 1, this.#tick() * ANSWERS.length + ANSWERS.indexOf(what));
    Atomics.store(board, at, hash);
  }

  /** What another thread posted within `maxAgeMs`. */
  read(host: string, port: number | undefined, maxAgeMs: number): Posted | undefined {
    const hash = hashOf(host, port);
    const at = placeOf(hash);
    const { board } = this.share;
    if (Atomics.load(board, at) !== hash) return undefined;
    const posted = Atomics.load(board, at + 1);
    const ageMs = (this.#tick() - Math.floor(posted / ANSWERS.length) & TICKS) * TICK_MS;
    return ageMs <= maxAgeMs ? ANSWERS[posted % ANSWERS.length] : undefined;
  }

  /** Time in ticks, of which as many fit beside an answer as make ten months; then it goes round. */
  #tick(): number {
    return Math.floor((now() - this.share.epochMs) / TICK_MS) & TICKS;
  }
}

const TICK_MS = 100;
const TICKS = 0xfffffff;
const placeOf = (hash: number) => (hash >>> 0) % PLACES * PLACE_INTS;

/** FNV-1a; never 0. */
function hashOf(host: string, port = 0): number {
  let hash = 0x811c9dc5 ^ port;
  for (let index = 0; index < host.length; index++) {
    hash = Math.imul(hash ^ host.charCodeAt(index), 0x01000193);
  }
  return Math.imul(hash ^ port >> 8, 0x01000193) | 0 || 1;
}
