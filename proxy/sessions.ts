/** Counts the connections being served, each from its accept to its end, and tells when they end. */
export class Sessions {
  /** Those of them that are joined with a target. */
  joined = 0;
  #count = 0;
  #waiting: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count++;
  }

  end(): void {
    this.#count--;
    if (this.#waiting.length > 0) { for (const tell of this.#waiting.splice(0)) tell(); }
  }

  /** Resolves when the next one ends. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when there are none. */
  async none(): Promise<void> {
    while (this.#count > 0) await this.next();
  }
}
