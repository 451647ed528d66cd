/**
 * What the other hosts answered, for each cluster port, and for how long that is believed.
 *
 * It only orders candidates; it never rules one out. Whoever finds nothing among the first
 * candidates asks all the rest, so a stale memory costs time and never a connection.
 */
import type { Remembered } from "./admin/remembered.ts";
import type { Hold } from "./hold.ts";

/** `refused`: has no mapping for the port, or none that takes connections. */
export type Answer = "ok" | "refused" | "busy" | "silent";

/** For how long each answer is believed, in milliseconds. */
export type Lifetimes = Readonly<Record<Answer, number>>;

/** The name of the own host among the others, whose names have a colon. */
export const OWN = "local";

/** What the routing table knows of the own host: `last` when it has the port, but no room for the moment. */
export type OwnPlace = "none" | "first" | "equal" | "last";

/** Candidates for one connection. */
export interface Candidates {
  /** To be tried one after another: the hosts believed to have the port, the least used first. */
  readonly first: readonly string[];
  /** To be asked all at once when none of the first took the connection. */
  readonly rest: readonly string[];
}

/** A negative answer that is repeated is believed longer and longer, up to this many milliseconds. */
export const BACKOFF_LIMIT_MS = 30_000;

interface Belief {
  until: number;
  /** How often in a row a negative answer was repeated after it was no longer believed. */
  repeated: number;
}

interface Fact extends Belief {
  answer: Answer | undefined;
  /** Connections that this proxy has open to the host for the port. */
  active: number;
  lastUse: number;
}

class Carried implements Hold {
  #open = true;

  constructor(private readonly fact: Fact) {
    fact.active++;
  }

  release(): void {
    if (this.#open) this.fact.active--;
    this.#open = false;
  }
}

const isNegative = (answer: Answer | undefined) => answer === "refused" || answer === "silent";

/** Hosts are named by any unique text. Times are milliseconds of any one clock. */
export class PeerMemory {
  readonly #ports = new Map<number, Map<string, Fact>>();
  /** Hosts whose proxy itself can't be reached. That is true until an answer tells otherwise. */
  readonly #down = new Map<string, Belief>();
  #uses = 0;

  constructor(public lifetimes: Lifetimes) {}

  /** Notes what `host` answered when asked for cluster port `port`. */
  note(host: string, port: number, answer: Answer, now: number): void {
    const fact = this.#fact(host, port);
    if (!isNegative(answer) || !isNegative(fact.answer)) fact.repeated = 0;
    else if (fact.until <= now) fact.repeated++;
    fact.answer = answer;
    fact.until = now + this.#lifetime(answer, fact.repeated);
    if (this.#down.size > 0) this.#down.delete(host);
  }

  /** Notes that the proxy of `host` refused to talk at all, or was silent: true of all its ports. */
  noteDown(host: string, answer: "refused" | "silent", now: number): void {
    const known = this.#down.get(host);
    const repeated = known ? known.repeated + Number(known.until <= now) : 0;
    this.#down.set(host, { until: now + this.#lifetime(answer, repeated), repeated });
  }

  /** Notes that the proxy of `host` is there again. What it answered before it left is believed no more. */
  noteUp(host: string, now: number): void {
    this.#down.delete(host);
    for (const facts of this.#ports.values()) {
      const fact = facts.get(host);
      if (fact) fact.until = Math.min(fact.until, now);
    }
  }

  /** Counts a connection that `host` carries for `port`, until it is released. */
  begin(host: string, port: number): Hold {
    const fact = this.#fact(host, port);
    fact.lastUse = ++this.#uses;
    return new Carried(fact);
  }

  /** The first of {@link order}, found without sorting. */
  best(port: number, own: OwnPlace, now: number): string | undefined {
    if (own === "first") return OWN;
    const known = this.#ports.get(port);
    let best: string | undefined = own === "equal" ? OWN : undefined;
    let least = best && known?.get(OWN);
    if (!known || (best && !least)) return best;
    for (const [host, fact] of known) {
      if (host !== OWN && this.#isGood(host, fact, now) && (!least || compare(fact, least) < 0)) {
        best = host;
        least = fact;
      }
    }
    return best;
  }

  /** Orders `hosts`, and the own one as `own` tells, for one connection to `port`. */
  order(port: number, hosts: readonly string[], own: OwnPlace, now: number): Candidates {
    const known = this.#ports.get(port);
    const good: [string, Fact][] = [];
    const rest: string[] = [];
    for (const host of hosts) {
      const fact = known?.get(host);
      if (fact && this.#isGood(host, fact, now)) good.push([host, fact]);
      else rest.push(host);
    }
    if (own === "equal") good.push([OWN, known?.get(OWN) ?? unknown()]);
    if (good.length > 1) good.sort(([, a], [, b]) => compare(a, b));
    const first = good.map(([host]) => host);
    if (own === "first") first.unshift(OWN);
    if (own === "last") rest.unshift(OWN);
    return { first, rest };
  }

  /** Whether `host` said at last that it has `port` and no room, or nothing that is still believed. */
  mayGetRoom(host: string, port: number, now: number): boolean {
    const fact = this.#ports.get(port)?.get(host);
    return !this.#down.has(host) && !(isNegative(fact?.answer) && fact!.until > now);
  }

  /** Whether the proxy of `host` was not to be reached when it was last tried. */
  isDown(host: string): boolean {
    return this.#down.has(host);
  }

  /** When it is time to ask `host` for `port` again; for the proxy itself without `port`. `-Infinity`: nothing is known. */
  dueAt(host: string, port?: number): number {
    const belief = port === undefined ? this.#down.get(host) : this.#ports.get(port)?.get(host);
    return belief?.until ?? -Infinity;
  }

  /**
   * Forgets the hosts that are not in `hosts`, and what was not renewed for long: the answers of the
   * others stay beyond their time, as they tell how long a repeated one is believed.
   */
  sweep(hosts: ReadonlySet<string>, now: number): void {
    for (const host of this.#down.keys()) if (!hosts.has(host)) this.#down.delete(host);
    for (const [port, facts] of this.#ports) {
      for (const [host, fact] of facts) {
        const listed = host === OWN || hosts.has(host);
        if (!listed) fact.until = -Infinity;
        const old = fact.until + this.lifetimes.ok <= now;
        if (fact.active === 0 && old) facts.delete(host);
      }
      if (facts.size === 0) this.#ports.delete(port);
    }
  }

  /** All that is believed now, and where there are connections. */
  list(now: number): Remembered[] {
    const list: Remembered[] = [];
    for (const [host, { until }] of this.#down) {
      const leftMs = Math.max(0, until - now);
      list.push({ host, port: undefined, answer: "down", leftMs, active: 0 });
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

  #isGood(host: string, fact: Fact, now: number): boolean {
    return fact.answer === "ok" && fact.until > now && !this.#down.has(host);
  }

  #lifetime(answer: Answer, repeated: number): number {
    const base = this.lifetimes[answer];
    return Math.min(base * 2 ** Math.min(repeated, 20), Math.max(base, BACKOFF_LIMIT_MS));
  }

  #fact(host: string, port: number): Fact {
    let facts = this.#ports.get(port);
    if (!facts) this.#ports.set(port, facts = new Map());
    let fact = facts.get(host);
    if (!fact) facts.set(host, fact = unknown());
    return fact;
  }
}

function unknown(): Fact {
  return { answer: undefined, until: -Infinity, repeated: 0, active: 0, lastUse: 0 };
}

/** The host with the least connections comes first, and of equal ones the longest unused. */
function compare(a: Fact, b: Fact): number {
  return a.active - b.active || a.lastUse - b.lastUse;
}
