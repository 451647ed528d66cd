/**
 * Which hosts are asked again in the background, and when: those whose negative answer is no longer
 * believed and those that were never asked, for the cluster ports that clients used lately.
 *
 * A host whose proxy can't be reached is tried as a whole, not once for each port.
 */
import type { PeerMemory } from "./peer_memory.ts";

/** One question: for `port`, or without one whether the proxy of `host` is there at all. */
export interface Probe {
  readonly host: string;
  readonly port?: number;
}

/** Questions under way at most. */
export const MAX_RUNNING = 32;
/** Questions begun per second in the long run, and at most at once after a quiet time. */
export const PER_SECOND = 50;
export const BURST = 16;
/** Pairs of a host and a port that are looked at in one go at most. */
const SCAN = 2000;

const keyOf = ({ host, port }: Probe) => `${port ?? ""} ${host}`;

/** Pure bookkeeping over a memory. Times are milliseconds of any one clock. */
export class ProbePlan {
  /** The cluster ports in use, with the time of the last use. */
  readonly #used = new Map<number, number>();
  readonly #running = new Set<string>();
  /** The next pair to look at, so that all get their turn. */
  #cursor = 0;
  #credit = BURST;
  #creditAt = -Infinity;
  #heldUntil = -Infinity;

  constructor(private readonly memory: PeerMemory) {}

  /** A client came to `port`. */
  use(port: number, now: number): void {
    this.#used.set(port, now);
  }

  /** Number of ports in use: without any there is nothing to ask. */
  get ports(): number {
    return this.#used.size;
  }

  /** Number of questions under way. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * What to ask `hosts` now. Every question counts as under way until it is given to `done`.
   *
   * @param isElsewhere Whether somebody else asks a question now, or knew the answer, which it noted.
   */
  next(
    hosts: readonly string[],
    now: number,
    isElsewhere: (probe: Probe) => boolean = () => false,
  ): Probe[] {
    const { memory } = this;
    this.#forget(now);
    this.#earn(now);
    const ports = [...this.#used.keys()];
    const probes: Probe[] = [];
    const mayBegin = () => this.#credit >= 1 && this.#running.size < MAX_RUNNING;
    const consider = (probe: Probe) => {
      const key = keyOf(probe);
      if (memory.dueAt(probe.host, probe.port) > now || this.#running.has(key)) return;
      if (isElsewhere(probe)) return;
      this.#running.add(key);
      this.#credit--;
      probes.push(probe);
    };
    if (hosts.length === 0 || now < this.#heldUntil) return probes;
    const pairs = ports.length * hosts.length;
    for (let left = Math.min(pairs, SCAN); left > 0 && mayBegin(); left--) {
      const at = this.#cursor % pairs;
      this.#cursor = at + 1;
      const host = hosts[at % hosts.length]!;
      if (memory.isDown(host)) consider({ host });
      else consider({ host, port: ports[Math.floor(at / hosts.length)]! });
    }
    return probes;
  }

  /** Asks nothing before `until`, as this machine can't. */
  hold(until: number): void {
    this.#heldUntil = until;
  }

  /** `probe` was answered, or will never be. */
  done(probe: Probe): void {
    this.#running.delete(keyOf(probe));
  }

  /** A port is in use for as long as a positive answer is believed. */
  #forget(now: number): void {
    for (const [port, last] of this.#used) {
      if (last + this.memory.lifetimes.ok <= now) this.#used.delete(port);
    }
  }

  #earn(now: number): void {
    const earned = (now - this.#creditAt) * PER_SECOND / 1000;
    this.#credit = Math.min(BURST, this.#credit + earned);
    this.#creditAt = now;
  }
}
