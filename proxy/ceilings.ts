/**
 * How many connections of each mapping a process may still have that another one takes over from. It
 * tells its successor, which takes only the rest of maxConn; so both together never exceed it.
 *
 * Until the successor serves, half of what is free stays here. After that a ceiling goes down with the
 * connections that end, but not while clients wait here for room: they came first.
 */
import { type CountedMapping, keyOf } from "./mapping_counts.ts";

/** At most so many connections of a mapping: cluster port, host port, number. */
export type Held = readonly [clusterPort: number, hostPort: number, connections: number];

/** What {@link Ceilings} needs of a mapping; `maxConn` is 0 for one that takes no connections any more. */
export type Counted = Pick<CountedMapping, "clusterPort" | "hostPort" | "maxConn" | "cell">;

interface Ceiling {
  readonly mapping: Counted;
  ceiling: number;
  told: number | undefined;
}

/** Bookkeeping over the cells in which connections are counted; no clock, no sockets. */
export class Ceilings {
  readonly #all = new Map<number, Ceiling>();

  constructor(mappings: readonly Counted[], private readonly cells: Int32Array) {
    for (const mapping of mappings) {
      const active = this.#active(mapping);
      const free = Math.max(0, mapping.maxConn - active);
      const ceiling = active + Math.ceil(free / 2);
      this.#all.set(keyOf(mapping), { mapping, ceiling, told: undefined });
    }
  }

  /** `mappings` with their ceilings for limits; one that came later gets nothing. */
  limit(mappings: readonly CountedMapping[]): CountedMapping[] {
    return mappings.map((mapping) => ({
      ...mapping,
      maxConn: Math.min(mapping.maxConn, this.#all.get(keyOf(mapping))?.ceiling ?? 0),
    }));
  }

  /** Whether {@link lower} may find something. */
  get isLoose(): boolean {
    for (const { mapping, ceiling } of this.#all.values()) {
      if (this.#active(mapping) < ceiling) return true;
    }
    return false;
  }

  /** Lowers ceilings to what is in use, but for the cluster ports that clients wait for. Whether one changed. */
  lower(waitedFor: ReadonlySet<number>): boolean {
    let changed = false;
    for (const each of this.#all.values()) {
      const active = this.#active(each.mapping);
      if (active >= each.ceiling || waitedFor.has(each.mapping.clusterPort)) continue;
      each.ceiling = active;
      changed = true;
    }
    return changed;
  }

  /**
   * What changed since the last call. Only to be called when {@link limit} is in force everywhere: one
   * that was taken just before that counts, too.
   */
  news(): Held[] {
    const news: Held[] = [];
    for (const each of this.#all.values()) {
      const held = Math.max(each.ceiling, this.#active(each.mapping));
      if (held === (each.told ?? 0)) continue;
      each.told = held;
      news.push([each.mapping.clusterPort, each.mapping.hostPort, held]);
    }
    return news;
  }

  #active({ cell }: Counted): number {
    return Atomics.load(this.cells, cell);
  }
}
