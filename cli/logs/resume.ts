/** Where to go on when the connection to a source of log lines was lost. Nothing here does I/O. */

/** Seconds before the newest line that are asked for again: lines need a moment to be written. */
const OVERLAP_SECONDS = 3;

/** Lines that are remembered. With more of them in a moment some may come twice, none is lost. */
const MAX_SEEN = 20_000;

interface SeenLine {
  readonly time: string;
  readonly source: number;
  readonly text: string;
}

/** Remembers the newest lines, to leave out those that come again. */
export class Resume {
  #newest = 0;
  /** How often each of them was seen; the oldest first. */
  #seen = new Map<string, number>();
  /** How often each may still come again. */
  #again = new Map<string, number>();

  /** @param since unix seconds where the first reading begins */
  constructor(readonly since: number) {}

  /** Begins to read again; unix seconds to begin at. */
  begin(): number {
    this.#again = new Map(this.#seen);
    return this.#newest === 0 ? this.since : Math.max(this.since, this.#newest - OVERLAP_SECONDS);
  }

  /** Whether a line is new; it is remembered then. */
  isNew(line: SeenLine): boolean {
    const seconds = parseInt(line.time, 10);
    this.#newest = Math.max(this.#newest, seconds);
    if (seconds < this.#newest - OVERLAP_SECONDS) return true;
    const key = `${line.time} ${line.source} ${line.text.length} ${line.text.slice(0, 80)}`;
    const again = this.#again.get(key) ?? 0;
    if (again > 0) {
      this.#again.set(key, again - 1);
      return false;
    }
    this.#seen.set(key, (this.#seen.get(key) ?? 0) + 1);
    if (this.#seen.size > MAX_SEEN) this.#forget();
    return true;
  }

  /** Forgets what will not come again, and of the rest the oldest half when it is too much. */
  #forget(): void {
    const limit = this.#newest - OVERLAP_SECONDS;
    const recent = [...this.#seen].filter(([key]) => parseInt(key, 10) >= limit);
    this.#seen = new Map(recent.slice(-MAX_SEEN / 2));
  }
}
