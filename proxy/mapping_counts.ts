/**
 * How many connections each mapping carries, in memory that all threads of a proxy share, so that
 * maxConn holds for all of them together.
 */
import type { Counted, Held } from "./ceilings.ts";
import type { PortMapping } from "./conf/mod.ts";

/** Mappings of one host at most, those that left and still carry connections included. */
export const MAX_MAPPINGS = 65536;

/** A mapping, and the cell in which its connections are counted. */
export interface CountedMapping extends PortMapping {
  readonly cell: number;
}

/** What makes two mappings the same one, over every reload. */
export function keyOf(
  { clusterPort, hostPort }: Pick<PortMapping, "clusterPort" | "hostPort">,
): number {
  return clusterPort * 65536 + hostPort;
}

/** Assigns cells. Whoever gives it a new list knows that every thread follows the one before. */
export class MappingCounts {
  readonly cells = new Int32Array(new SharedArrayBuffer(MAX_MAPPINGS * 4));
  readonly #cellOf = new Map<number, number>();
  readonly #free: number[] = [];
  /** Connections that the process before still has. They are in the cells, too. */
  readonly #held = new Map<number, number>();
  #used = 0;

  /**
   * Keeps the cells of mappings that are in `mappings` or carry connections, and frees the others.
   *
   * @throws Error when there are more than {@link MAX_MAPPINGS}.
   */
  assign(mappings: readonly PortMapping[]): CountedMapping[] {
    const listed = new Set(mappings.map(keyOf));
    for (const [key, cell] of this.#cellOf) {
      if (listed.has(key) || Atomics.load(this.cells, cell) > 0) continue;
      this.#cellOf.delete(key);
      this.#free.push(cell);
    }
    return mappings.map((mapping) => ({ ...mapping, cell: this.#cell(keyOf(mapping)) }));
  }

  /** `mappings`, and those that left and still carry connections. */
  counted(mappings: readonly CountedMapping[]): Counted[] {
    const listed = new Set(mappings.map(keyOf));
    const left = [...this.#cellOf].filter(([key, cell]) =>
      !listed.has(key) && Atomics.load(this.cells, cell) > 0
    );
    return [
      ...mappings,
      ...left.map(([key, cell]) => (
        { clusterPort: Math.floor(key / 65536), hostPort: key % 65536, maxConn: 0, cell }
      )),
    ];
  }

  /** Counts what the process before still has from now on. */
  hold(held: readonly Held[]): void {
    for (const [clusterPort, hostPort, connections] of held) {
      const key = keyOf({ clusterPort, hostPort });
      const more = connections - (this.#held.get(key) ?? 0);
      if (connections > 0) this.#held.set(key, connections);
      else this.#held.delete(key);
      const cell = this.#cellOf.get(key);
      if (cell !== undefined) Atomics.add(this.cells, cell, more);
    }
  }

  /** The process before has ended. */
  holdNone(): void {
    this.hold([...this.#held.keys()].map((key) => [Math.floor(key / 65536), key % 65536, 0]));
  }

  #cell(key: number): number {
    let cell = this.#cellOf.get(key);
    if (cell === undefined) {
      cell = this.#free.pop() ?? this.#used++;
      if (cell >= MAX_MAPPINGS) {
        this.#used = MAX_MAPPINGS;
        throw new Error(`More than ${MAX_MAPPINGS} mappings in portmappings.conf`);
      }
      this.#cellOf.set(key, cell);
      Atomics.add(this.cells, cell, this.#held.get(key) ?? 0);
    }
    return cell;
  }
}
