/**
 * What the other hosts answered, for each cluster port, and for how long that is believed.
 *
 * It only orders candidates; it never rules one out. Whoever finds nothing among the first
 * candidates asks all the rest, so a stale memory costs time and never a connection.
 */
import type { Remembered } from "./admin/remembered.ts";

/** `refused`: has no mapping for the port, or none that takes connections. */
export type Answer = "ok" | "refused" | "busy" | "silent";

/** For how long each answer is believed, in milliseconds. */
export type Lifetimes = Readonly<Record<Answer, number>>;

/** Candidates for one connection. */
export interface Candidates {
  /** To be tried one after another: the hosts believed to have the port, and one worth another look. */
  readonly first: readonly string[];
  /** To be asked all at once when none of the first took the connection. */
  readonly rest: readonly string[];
}

interface Fact {
  answer: Answer | undefined;
  until: number;
  /** Nobody else looks at this host again before this time. */
  lookedUntil: number;
  /** Connections that this proxy has open to the host for the port. */
  active: number;
  lastUse: number;
}

/** Hosts are named by any unique text. Times are milliseconds of any one clock. */
export class PeerMemory {
  readonly #ports = new Map<number, Map<string, Fact>>();
  /** Hosts whose proxy itself can't be reached, until when that is believed. */
  readonly #down = new Map<string, number>();
  #uses = 0;

  constructor(public lifetimes: Lifetimes) {}

  /** Notes what `host` answered when asked for cluster port `port`. */
  note(host: string, port: number, answer: Answer, now: number): void {
    const fact = this.#fact(host, port);
    fact.answer = answer;
    fact.until = now + this.lifetimes[answer];
    fact.lookedUntil = -Infinity;
    this.#down.delete(host);
  }

  /** Notes that the proxy of `host` refused to talk at all, or was silent: true of all its ports. */
  noteDown(host: string, answer: "refused" | "silent", now: number): void {
    this.#down.set(host, now + this.lifetimes[answer]);
  }

  /** Counts a connection that `host` carries for `port`; the returned function ends it, once. */
  begin(host: string, port: number): () => void {
    const fact = this.#fact(host, port);
    fact.active++;
    fact.lastUse = ++this.#uses;
    let open = true;
    return () => {
      if (open) fact.active--;
      open = false;
    };
  }

  /**
   * Orders `hosts` for one connection to `port`. A host of unknown state that comes first is
   * promised to this one caller: until it answers (or its silence would be believed) it isn't first again.
   */
  order(port: number, hosts: readonly string[], now: number): Candidates {
    const known = this.#ports.get(port);
    if (!known) return { first: [], rest: hosts };
    const good: [string, Fact][] = [];
    const rest: string[] = [];
    let unknown: string | undefined;
    for (const host of hosts) {
      const fact = known.get(host);
      const up = (this.#down.get(host) ?? -Infinity) <= now;
      if (up && fact?.answer === "ok" && fact.until > now) good.push([host, fact]);
      else {
        rest.push(host);
        const stale = !fact || (fact.until <= now && fact.lookedUntil <= now);
        if (up && stale) unknown ??= host;
      }
    }
    if (good.length > 1) {
      good.sort(([, a], [, b]) => a.active - b.active || a.lastUse - b.lastUse);
    }
    const first = good.map(([host]) => host);
    if (first.length > 0 && unknown !== undefined) {
      this.#fact(unknown, port).lookedUntil = now + this.lifetimes.silent;
      first.unshift(unknown);
      rest.splice(rest.indexOf(unknown), 1);
    }
    return { first, rest };
  }

  /** Forgets the hosts that are not in `hosts`, and what nobody believes any more. */
  sweep(hosts: ReadonlySet<string>, now: number): void {
    for (const [host, until] of this.#down) {
      if (until <= now || !hosts.has(host)) this.#down.delete(host);
    }
    for (const [port, facts] of this.#ports) {
      for (const [host, fact] of facts) {
        const stale = fact.until <= now && fact.lookedUntil <= now;
        if (fact.active === 0 && (stale || !hosts.has(host))) facts.delete(host);
      }
      if (facts.size === 0) this.#ports.delete(port);
    }
  }

  /** All that is believed now, and where there are connections. */
  list(now: number): Remembered[] {
    const list: Remembered[] = [];
    for (const [host, until] of this.#down) {
      if (until > now) {
        list.push({ host, port: undefined, answer: "down", leftMs: until - now, active: 0 });
      }
    }
    for (const [port, facts] of this.#ports) {
      for (const [host, { answer, until, active }] of facts) {
        const leftMs = answer === undefined ? 0 : Math.max(0, until - now);
        if (leftMs === 0 && active === 0) continue;
        list.push({ host, port, answer: leftMs > 0 ? answer! : "unknown", leftMs, active });
      }
    }
    return list;
  }

  /** Number of facts held; for tests and metrics. */
  get size(): number {
    let size = this.#down.size;
    for (const facts of this.#ports.values()) size += facts.size;
    return size;
  }

  #fact(host: string, port: number): Fact {
    let facts = this.#ports.get(port);
    if (!facts) this.#ports.set(port, facts = new Map());
    let fact = facts.get(host);
    if (!fact) {
      fact = {
        answer: undefined,
        until: -Infinity,
        lookedUntil: -Infinity,
        active: 0,
        lastUse: 0,
      };
      facts.set(host, fact);
    }
    return fact;
  }
}
