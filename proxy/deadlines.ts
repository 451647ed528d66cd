/**
 * Limits of time for what can be aborted. Those that begin within a moment of each other share one
 * signal and one timer: of thousands in a second each would cost more than the dial that it limits.
 */

/** How much later than asked for a limit may be, in milliseconds. */
const SHARE_MS = 20;

/** One limit, for all who entered it. */
export class Deadline {
  /** Whether the time is over. */
  over = false;
  #entered = 0;
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;

  /** @param onEmpty Hears that nobody is left: it is of no use any more. */
  constructor(limitMs: number, private readonly onEmpty: () => void) {
    // Deno asks the signal once more when it has connected, and then drops the connection unclosed.
    this.#abort.signal.throwIfAborted = () => {};
    this.#timer = setTimeout(() => {
      this.over = true;
      this.abort();
    }, limitMs);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  enter(): this {
    this.#entered++;
    return this;
  }

  /** To be called once by each who entered. */
  leave(): void {
    if (--this.#entered > 0) return;
    clearTimeout(this.#timer);
    this.onEmpty();
  }

  /** Aborts what goes on, before its time. */
  abort(): void {
    this.#abort.abort();
  }
}

export class Deadlines {
  readonly #open = new Set<Deadline>();
  /** The latest one of each length, and until when others may enter it. */
  readonly #latest = new Map<number, { readonly deadline: Deadline; readonly until: number }>();

  /** A limit of at least `limitMs` from now, a little more where it is shared. The caller leaves it. */
  enter(limitMs: number): Deadline {
    const now = performance.now();
    const latest = this.#latest.get(limitMs);
    if (latest && now <= latest.until && !latest.deadline.signal.aborted) {
      return latest.deadline.enter();
    }
    const deadline = new Deadline(limitMs + SHARE_MS, () => {
      this.#open.delete(deadline);
      if (this.#latest.get(limitMs)?.deadline === deadline) this.#latest.delete(limitMs);
    });
    this.#open.add(deadline);
    this.#latest.set(limitMs, { deadline, until: now + SHARE_MS });
    return deadline.enter();
  }

  /** Aborts everything. */
  abortAll(): void {
    for (const deadline of [...this.#open]) deadline.abort();
  }
}
