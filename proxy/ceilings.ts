/**
 * How many connections of each mapping a process may still have that another one takes over from. It
 * tells its successor, which takes only the rest of maxConn; so both together never exceed it. What
 * processes before it have is not among that: the successor hears of it from them.
 *
 * Until the successor serves, half of what is free stays here. After that a ceiling goes down with the
 * connections that end, but not while clients wait here for room: they came first.
 */
import { type CountedMapping, keyOf } from "./mapping_counts.ts";

/** At most so many connections of a mapping: cluster port, host port, number. */
export type Held = readonly [clusterPort: number, hostPort: number, connections: number];

/** What {@link Ceilings} needs of a mapping; `maxConn` is 0 for one that takes no connections any more. */
export interface Counted
  extends Pick<CountedMapping, "clusterPort" | "hostPort" | "maxConn" | "cell"> {
  /** Connections in its cell that are those of processes before this one. */
  readonly before: number;
}

interface Ceiling {
  readonly mapping: Counted;
  cell: number;
  ceiling: number;
  told: number | undefined;
}

/** Bookkeeping over the cells in which connections are counted; no clock, no sockets. */
export class Ceilings {
  readonly #all = new Map<number, Ceiling>();

  /**
   * @param mappings What processes before have of them has to leave the cells once {@link limit} is in
   * force everywhere, and before all else here is called.
   */
  constructor(mappings: readonly Counted[], private readonly cells: Int32Array) {
    for (const mapping of mappings) {
      const { cell, before, maxConn } = mapping;
      const counted = Atomics.load(cells, cell);
      const ceiling = counted - before + Math.ceil(Math.max(0, maxConn - counted) / 2);
      this.#all.set(keyOf(mapping), { mapping, cell, ceiling, told: undefined });
    }
  }

  /** `mappings` with their ceilings for limits; one that came later gets nothing. */
  limit(mappings: readonly CountedMapping[]): CountedMapping[] {
    return mappings.map((mapping) => {
      const known = this.#all.get(keyOf(mapping));
      if (known) known.cell = mapping.cell; // One that left for a while may have another.
      return { ...mapping, maxConn: Math.min(mapping.maxConn, known?.ceiling ?? 0) };
    });
  }

  /** Whether {@link lower} may find something. */
  get isLoose(): boolean {
    for (const each of this.#all.values()) {
      if (this.#active(each) < each.ceiling) return true;
    }
    return false;
  }

  /** Lowers ceilings to what is in use, but for the cluster ports that clients wait for. Whether one changed. */
  lower(waitedFor: ReadonlySet<number>): boolean {
    let changed = false;
    for (const each of this.#all.values()) {
      const active = this.#active(each);
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
      const held = Math.max(each.ceiling, this.#active(each));
      if (held === (each.told ?? 0)) continue;
      each.told = held;
      news.push([each.mapping.clusterPort, each.mapping.hostPort, held]);
    }
    return news;
  }

  #active({ cell }: Ceiling): number {
    return Atomics.load(this.cells, cell);
  }
}
