/** A stretch of text by UTF-16 offsets, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a text's lines begin, to turn offsets into lines and columns. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(readonly text: string) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
      this.#starts.push(at + 1);
    }
  }

  /** 1-based line and column of `offset`; offsets outside the text count as its nearest end. */
  place(offset: number): { readonly line: number; readonly column: number } {
    const inside = Math.min(Math.max(offset, 0), this.text.length);
    const line = lastAtOrBefore(this.#starts, inside);
    return { line: line + 1, column: inside - this.#starts[line]! + 1 };
  }
}

/** Index of the last element of the ascending list `sorted` that is not above `value`; 0 when all are. */
export function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
