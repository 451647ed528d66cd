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

function portsOf(key: number): { clusterPort: number; hostPort: number } {
  return { clusterPort: Math.floor(key / 65536), hostPort: key % 65536 };
}

/** Assigns cells. Whoever gives it a new list knows that every thread follows the one before. */
export class MappingCounts {
  readonly cells = new Int32Array(new SharedArrayBuffer(MAX_MAPPINGS * 4));
  readonly #cellOf = new Map<number, number>();
  readonly #free: number[] = [];
  /** Connections that each of the processes before still has. They are in the cells, too. */
  readonly #held = new Map<object, Map<number, number>>();
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
      ...mappings.map((mapping) => ({ ...mapping, before: this.#before(keyOf(mapping)) })),
      ...left.map(([key, cell]) => (
        { ...portsOf(key), maxConn: 0, cell, before: this.#before(key) }
      )),
    ];
  }

  /** Counts what `process`, one of those before, still has from now on. */
  hold(process: object, held: readonly Held[]): void {
    const known = this.#held.get(process) ?? new Map<number, number>();
    this.#held.set(process, known);
    for (const [clusterPort, hostPort, connections] of held) {
      const key = keyOf({ clusterPort, hostPort });
      const more = connections - (known.get(key) ?? 0);
      if (connections > 0) known.set(key, connections);
      else known.delete(key);
      const cell = this.#cellOf.get(key);
      if (cell !== undefined) Atomics.add(this.cells, cell, more);
    }
  }

  /** What `process` has. */
  heldBy(process: object): Held[] {
    return [...this.#held.get(process) ?? []].map(([key, connections]) => {
      const { clusterPort, hostPort } = portsOf(key);
      return [clusterPort, hostPort, connections];
    });
  }

  /** `process` has ended, or is no matter of this one any more. */
  holdNone(process: object): void {
    this.hold(process, this.heldBy(process).map(([cluster, host]) => [cluster, host, 0]));
    this.#held.delete(process);
  }

  /** What the processes before have of a mapping. */
  #before(key: number): number {
    let sum = 0;
    for (const known of this.#held.values()) sum += known.get(key) ?? 0;
    return sum;
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
      Atomics.add(this.cells, cell, this.#before(key));
    }
    return cell;
  }
}
