/** Puts the lines of several sources in order of time while they come. Nothing here does I/O. */

export interface MergeOptions {
  /** Milliseconds that a new line waits for earlier ones of other sources. */
  readonly windowMs: number;
  /** Milliseconds that the others wait for a source that still owes its past; Infinity for all. */
  readonly patienceMs: number;
  /** Lines of one source from which on it should not be read further. */
  readonly maxLines: number;
}

interface Timed {
  /** Sorts as texts do. */
  readonly time: string;
}

interface Held<T> {
  readonly line: T;
  /** When it came, in milliseconds. */
  readonly since: number;
  /** Whether its source has nothing earlier to come. */
  readonly settled: boolean;
}

interface Source<T> {
  /**
   * past: its lines come in order, the next one is worth waiting for. live: they come as they are
   * written. ended: no further ones come.
   */
  phase: "past" | "live" | "ended";
  readonly lines: Held<T>[];
  /** Index of the first line that was not taken. */
  head: number;
  /** When it last gave something, in milliseconds. */
  heard: number;
}

/** Holds lines until nothing earlier is expected. */
export class LogMerge<T extends Timed> {
  readonly #sources: Source<T>[];

  /** @param now milliseconds of any clock that only goes forward; the same for all calls */
  constructor(count: number, readonly options: MergeOptions, now = 0) {
    this.#sources = Array.from(
      { length: count },
      () => ({ phase: "past", lines: [], head: 0, heard: now }),
    );
  }

  /** Takes a line of a source. */
  push(index: number, line: T, now: number): void {
    const source = this.#source(index);
    const { lines, head } = source;
    source.heard = now;
    let at = lines.length;
    while (at > head && lines[at - 1]!.line.time > line.time) at--;
    const entry = { line, since: now, settled: source.phase === "past" };
    if (at === lines.length) lines.push(entry);
    else lines.splice(at, 0, entry);
  }

  /** Moves a source to another phase; to `past` when it begins again. */
  turn(index: number, phase: Source<T>["phase"], now: number): void {
    const source = this.#source(index);
    source.phase = phase;
    source.heard = now;
  }

  /** Whether a source has so many lines that reading it should wait. */
  isFull(index: number): boolean {
    const { lines, head } = this.#source(index);
    return lines.length - head >= this.options.maxLines;
  }

  /** Whether all sources have given their past, and all of it was taken. */
  get isPastOver(): boolean {
    return this.#sources.every(({ phase, lines, head }) =>
      phase !== "past" && lines[head]?.settled !== true
    );
  }

  /** Whether nothing is left and nothing comes. */
  get isOver(): boolean {
    return this.#sources.every(({ phase, lines, head }) =>
      phase === "ended" && head === lines.length
    );
  }

  /** The lines that are due, in order; at most `limit`. */
  take(now: number, limit: number): T[] {
    const taken: T[] = [];
    while (taken.length < limit) {
      const next = this.#next(now);
      if (next === undefined) break;
      taken.push(next.lines[next.head]!.line);
      next.head++;
      // What was taken is let go from time to time.
      if (next.head === next.lines.length || next.head >= 1024) {
        next.lines.splice(0, next.head);
        next.head = 0;
      }
    }
    return taken;
  }

  /** When lines become due that are not yet, unless something happens before. */
  due(): number | undefined {
    const first = this.#first();
    if (first === undefined) return undefined;
    const due = Math.max(this.#windowOf(first), this.#owedUntil());
    return due === Infinity ? undefined : due;
  }

  /** The source whose first line is due. */
  #next(now: number): Source<T> | undefined {
    const first = this.#first();
    if (first === undefined || this.#owedUntil() > now) return undefined;
    if (this.#windowOf(first) <= now) return first;
    // Too many to wait: those that came first go first.
    return this.#sources.some((_, index) => this.isFull(index)) ? first : undefined;
  }

  /** When the first line of a source has waited long enough for earlier ones. */
  #windowOf({ phase, lines, head }: Source<T>): number {
    const { since, settled } = lines[head]!;
    return settled || phase === "ended" ? -Infinity : since + this.options.windowMs;
  }

  /** Until when the sources are waited for that owe lines of their past. */
  #owedUntil(): number {
    let until = -Infinity;
    for (const { phase, lines, head, heard } of this.#sources) {
      const owes = phase === "past" && head === lines.length;
      if (owes) until = Math.max(until, heard + this.options.patienceMs);
    }
    return until;
  }

  /** The source with the earliest line; of two at the same time the one before. */
  #first(): Source<T> | undefined {
    let best: Source<T> | undefined;
    for (const source of this.#sources) {
      if (source.head === source.lines.length) continue;
      if (
        best === undefined ||
        source.lines[source.head]!.line.time < best.lines[best.head]!.line.time
      ) {
        best = source;
      }
    }
    return best;
  }

  #source(index: number): Source<T> {
    const source = this.#sources[index];
    if (source === undefined) throw new Error(`There is no source ${index}`);
    return source;
  }
}
