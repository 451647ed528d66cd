/**
 * The mappings of the own host: which host ports serve a cluster port, and how busy each is.
 *
 * A mapping is the same one as long as its cluster port and host port are, so its count of
 * connections lives through every reload, even when it is left out for a while. Other threads may
 * count in the same cells.
 */
import type { PortMapping } from "./conf/mod.ts";
import type { Hold } from "./hold.ts";
import { type CountedMapping, keyOf } from "./mapping_counts.ts";

/** One mapping and what is known about it. */
export interface Route {
  readonly mapping: PortMapping;
  /** Connections that it carries now. */
  readonly active: number;
}

/** The right to one connection to a mapping. */
export interface Lease extends Hold {
  readonly mapping: PortMapping;
}

interface Entry extends Route {
  mapping: CountedMapping;
  /** Connections among them that this table gave leases for. */
  held: number;
  listed: boolean;
  lastUse: number;
  avoidUntil: number;
}

class TakenLease implements Lease {
  #held = true;
  readonly mapping: CountedMapping;

  constructor(private readonly entry: Entry, private readonly table: RoutingTable) {
    this.mapping = entry.mapping;
  }

  release(): void {
    if (this.#held) this.table.giveBack(this.entry, this.mapping);
    this.#held = false;
  }
}

/** Pure bookkeeping: no clock, no sockets. Times are milliseconds of any one clock. */
export class RoutingTable {
  readonly #entries = new Map<number, Entry>();
  #ports = new Map<number, Entry[]>();
  #uses = 0;
  /** Hears of every connection to a cluster port that was given back. */
  onRelease: (clusterPort: number) => void = () => {};

  /** @param cells Where connections are counted. */
  constructor(private readonly cells: Int32Array) {}

  /** Takes over the content of portmappings.conf. Of two entries for the same ports the later counts. */
  load(mappings: readonly CountedMapping[]): void {
    for (const entry of this.#entries.values()) entry.listed = false;
    for (const mapping of mappings) {
      const known = this.#entries.get(keyOf(mapping));
      if (known) {
        known.mapping = mapping;
        known.listed = true;
      } else {
        this.#entries.set(keyOf(mapping), this.#entry(mapping));
      }
    }
    this.#ports = new Map();
    for (const [key, entry] of this.#entries) {
      if (entry.listed) {
        const port = entry.mapping.clusterPort;
        const list = this.#ports.get(port);
        if (list) list.push(entry);
        else this.#ports.set(port, [entry]);
      } else if (entry.held === 0) this.#entries.delete(key);
    }
  }

  /** Whether the own host has a mapping for cluster port `port`, with or without room. */
  has(port: number): boolean {
    return this.#ports.has(port);
  }

  /** Whether a mapping of `port` has room and did not fail lately. */
  hasRoom(port: number, now: number): boolean {
    const entries = this.#ports.get(port);
    if (!entries) return false;
    return entries.some(({ active, mapping, avoidUntil }) =>
      active < mapping.maxConn && avoidUntil <= now
    );
  }

  /**
   * The mappings of `port` in the order to try them: least connections first, then the one
   * longest unused; those that failed lately come last. Full ones are among them.
   */
  order(port: number, now: number): readonly Route[] {
    const entries = this.#ports.get(port) ?? [];
    if (entries.length < 2) return entries;
    return [...entries].sort((a, b) =>
      Number(a.avoidUntil > now) - Number(b.avoidUntil > now) ||
      a.active - b.active || a.lastUse - b.lastUse
    );
  }

  /** Takes one connection of a route; `undefined` when it is at its limit. */
  take(route: Route): Lease | undefined {
    const entry = this.#entries.get(keyOf(route.mapping));
    if (!entry) return undefined;
    const { cell } = entry.mapping;
    if (Atomics.add(this.cells, cell, 1) >= entry.mapping.maxConn) {
      Atomics.sub(this.cells, cell, 1);
      return undefined;
    }
    entry.held++;
    entry.lastUse = ++this.#uses;
    return new TakenLease(entry, this);
  }

  /** For a {@link Lease} of `entry`, taken when it was `mapping`: it is over. */
  giveBack(entry: Entry, mapping: CountedMapping): void {
    Atomics.sub(this.cells, mapping.cell, 1);
    if (--entry.held === 0 && !entry.listed) this.#entries.delete(keyOf(mapping));
    this.onRelease(mapping.clusterPort);
  }

  /** Tries `mapping` after the others until `until`, as it did not take a connection. */
  avoid(mapping: PortMapping, until: number): void {
    const entry = this.#entries.get(keyOf(mapping));
    if (entry) entry.avoidUntil = until;
  }

  /** Every mapping that is listed or still carries connections of this table. */
  routes(): Route[] {
    return [...this.#entries.values()];
  }

  #entry(mapping: CountedMapping): Entry {
    const { cells } = this;
    return {
      mapping,
      get active() {
        return Atomics.load(cells, this.mapping.cell);
      },
      held: 0,
      listed: true,
      lastUse: 0,
      avoidUntil: -Infinity,
    };
  }
}
