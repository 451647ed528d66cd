/** Timers in a heap: the next one is known at once, and a cancelled one leaves nothing behind. */

interface Timer {
  /** Milliseconds of the caller's clock. */
  readonly at: number;
  readonly action: () => void;
  /** Its place in the heap; -1 once it ran or was cancelled. */
  place: number;
}

/** Timers without a clock of their own: all times are in milliseconds of the caller's. */
export class Timers {
  readonly #heap: Timer[] = [];

  /** Number of timers that wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the next timer is due; `undefined` without any. */
  get next(): number | undefined {
    return this.#heap[0]?.at;
  }

  /** Runs `action` once it is `at`. Returns what cancels it. */
  add(at: number, action: () => void): () => void {
    const timer = { at, action, place: this.#heap.length };
    this.#heap.push(timer);
    this.#rise(timer);
    return () => this.#remove(timer);
  }

  /** Takes the next timer that is due at `now` out, and gives its action. */
  take(now: number): (() => void) | undefined {
    const first = this.#heap[0];
    if (!first || first.at > now) return undefined;
    this.#remove(first);
    return first.action;
  }

  #remove(timer: Timer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.#heap.pop()!;
    if (last === timer) return;
    this.#put(last, place);
    this.#sink(last);
    this.#rise(last);
  }

  #rise(timer: Timer): void {
    while (timer.place > 0) {
      const { place } = timer;
      const above = this.#heap[(place - 1) >> 1]!;
      if (above.at <= timer.at) return;
      this.#put(timer, above.place);
      this.#put(above, place);
    }
  }

  #sink(timer: Timer): void {
    for (;;) {
      const { place } = timer;
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const below = right && right.at < left!.at ? right : left;
      if (!below || below.at >= timer.at) return;
      this.#put(timer, below.place);
      this.#put(below, place);
    }
  }

  #put(timer: Timer, place: number): void {
    this.#heap[place] = timer;
    timer.place = place;
  }
}
