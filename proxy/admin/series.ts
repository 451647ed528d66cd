/** The numbers of one family by label values. Finding one builds no text: labels are steps down a tree. */
import type { Label, Sample } from "./snapshot.ts";

/** Samples of a family; more are counted together, with this in place of the first label. */
const LIMIT = 5000;
const OTHER = "other";

/** Numbers that the finder may keep and add to. */
export type Cell = number[];

export class Series {
  readonly #root = new Map<Label, Map<Label, Map<Label, Cell>>>();
  #size = 0;

  /**
   * @param depth Number of labels, at most three.
   * @param width Numbers in each cell.
   */
  constructor(
    private readonly depth: number,
    private readonly width = 1,
    private readonly limit = LIMIT,
  ) {}

  /** The cell of these labels; those beyond the depth are left out. */
  at(a: Label = "", b: Label = "", c: Label = ""): Cell {
    const known = this.#root.get(a)?.get(b)?.get(c);
    if (known) return known;
    if (this.#size >= this.limit && a !== OTHER) return this.at(OTHER, b, c);
    const cell: Cell = new Array(this.width).fill(0);
    childOf(childOf(this.#root, a), b).set(c, cell);
    this.#size++;
    return cell;
  }

  /** A copy of all that is counted. */
  samples(): Sample[] {
    const samples: Sample[] = [];
    for (const [a, seconds] of this.#root) {
      for (const [b, thirds] of seconds) {
        for (const [c, cell] of thirds) {
          samples.push({ labels: [a, b, c].slice(0, this.depth), values: cell.slice() });
        }
      }
    }
    return samples;
  }

  /** Drops the cells for which `drop` is true. */
  forget(drop: (labels: readonly Label[], cell: Cell) => boolean): void {
    for (const [a, seconds] of this.#root) {
      for (const [b, thirds] of seconds) {
        for (const [c, cell] of thirds) {
          if (!drop([a, b, c], cell)) continue;
          thirds.delete(c);
          this.#size--;
        }
        if (thirds.size === 0) seconds.delete(b);
      }
      if (seconds.size === 0) this.#root.delete(a);
    }
  }
}

function childOf<T>(parent: Map<Label, Map<Label, T>>, label: Label): Map<Label, T> {
  let child = parent.get(label);
  if (!child) parent.set(label, child = new Map());
  return child;
}
