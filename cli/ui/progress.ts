/** What is being done on which host, while it is being done. */

/** Where commands say what they are at. */
export interface Progress {
  /** Shows what is being done for `name`; nothing any more without a text. */
  set(name: string, text: string | undefined): void;
}

/** For everything that is no terminal: messages say enough there. */
export const NO_PROGRESS: Progress = { set: () => {} };

/** `work` on one of many, shown as `doing` while it lasts. */
export function shown<T, R>(
  progress: Progress,
  nameOf: (item: T) => string,
  doing: string,
  work: (item: T) => Promise<R>,
): (item: T) => Promise<R> {
  return async (item) => {
    const name = nameOf(item);
    progress.set(name, doing);
    try {
      return await work(item);
    } finally {
      progress.set(name, undefined);
    }
  };
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Lines at the bottom of a terminal, one for each host that is worked on. */
export class LiveLines implements Progress {
  readonly #lines = new Map<string, string>();
  /** Number of lines that are on the screen. */
  #drawn = 0;

  /** @param write writes to the terminal */
  constructor(readonly write: (text: string) => void, readonly size: () => ScreenSize) {}

  set(name: string, text: string | undefined): void {
    if (text === undefined) this.#lines.delete(name);
    else this.#lines.set(name, text);
    this.write(this.#erasure() + this.#drawing());
  }

  /** Lets `print` write above the lines; what it writes ends with a newline. */
  above(print: () => void): void {
    const erasure = this.#erasure();
    if (erasure !== "") this.write(erasure);
    print();
    const drawing = this.#drawing();
    if (drawing !== "") this.write(drawing);
  }

  /** Leaves the terminal to `work`, which may ask questions there. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    const lines = new Map(this.#lines);
    this.#lines.clear();
    this.above(() => {});
    try {
      return await work();
    } finally {
      for (const [name, text] of lines) if (!this.#lines.has(name)) this.#lines.set(name, text);
      this.above(() => {});
    }
  }

  #erasure(): string {
    const erasure = this.#drawn === 0 ? "" : `\x1b[${this.#drawn}A\r\x1b[J`;
    this.#drawn = 0;
    return erasure;
  }

  #drawing(): string {
    const { columns, rows } = this.size();
    const room = Math.max(1, rows - 2);
    const width = Math.max(0, ...[...this.#lines.keys()].map((name) => name.length));
    const lines = [...this.#lines].map(([name, text]) => `${name.padEnd(width)}  ${text} …`);
    const all = lines.length <= room
      ? lines
      : [...lines.slice(0, room - 1), `and ${lines.length - room + 1} more …`];
    this.#drawn = all.length;
    // A line that wraps would be two.
    return all.map((line) => `${[...line].slice(0, Math.max(1, columns - 1)).join("")}\n`).join("");
  }
}
