/** How long each phase of a release took. */

export class PhaseClock {
  readonly #began: number;
  readonly #ended: { phase: string; ms: number }[] = [];
  #current: { readonly phase: string; readonly since: number } | undefined;

  /** @param now milliseconds of a clock that never goes back */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.#began = now();
  }

  /** Ends the present phase, and begins another one if there is one. */
  enter(phase: string | undefined): void {
    const now = this.now();
    if (this.#current !== undefined) {
      const { phase, since } = this.#current;
      this.#ended.push({ phase, ms: Math.round(now - since) });
    }
    this.#current = phase === undefined ? undefined : { phase, since: now };
  }

  /** The present phase. */
  get current(): string | undefined {
    return this.#current?.phase;
  }

  /** Milliseconds since the clock was made. */
  get ms(): number {
    return Math.round(this.now() - this.#began);
  }

  /** The phases that have ended, in order. */
  get phases(): readonly { readonly phase: string; readonly ms: number }[] {
    return this.#ended;
  }
}
