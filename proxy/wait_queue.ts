/** Clients that wait for room: the one that came first is served first. */

interface Waiting<T> {
  readonly since: number;
  readonly until: number;
  readonly leave: (value: T | undefined) => void;
}

/** Pure bookkeeping. Times are milliseconds of any one clock. */
export class WaitQueue<T> {
  #waiting: Waiting<T>[] = [];

  /** @param limit How many may wait. */
  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#waiting.length;
  }

  /**
   * Waits from `now` until `until`. `leave` is called once: with what was given, or with `undefined` when the
   * time was over. `false`: too many wait, and `leave` is never called.
   */
  join(now: number, until: number, leave: (value: T | undefined) => void): boolean {
    if (this.#waiting.length >= this.limit) return false;
    this.#waiting.push({ since: now, until, leave });
    return true;
  }

  /** Since when the one waits who came first; `undefined` when nobody does. */
  get since(): number | undefined {
    return this.#waiting[0]?.since;
  }

  /** Gives `value` to the one who waits longest; `false` when nobody does. */
  give(value: T): boolean {
    const first = this.#waiting.shift();
    first?.leave(value);
    return first !== undefined;
  }

  /** Lets those go whose time is over. */
  expire(now: number): void {
    const over = this.#waiting.filter(({ until }) => until <= now);
    if (over.length === 0) return;
    this.#waiting = this.#waiting.filter(({ until }) => until > now);
    for (const { leave } of over) leave(undefined);
  }

  /** Lets all go. */
  end(): void {
    this.expire(Infinity);
  }
}
