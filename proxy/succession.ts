/**
 * Whether a proxy hands its listening sockets to another process that asks for them. Pure.
 *
 * It does, but not to the one that it took them from itself: that one is started again by its
 * supervisor after it ended, and the two would replace each other for ever. It gets them back when
 * this one ends.
 */

/** What a process that wants to take over says of itself. */
export interface Applicant {
  readonly pid: number;
  /** Absolute path of its proxy.conf. */
  readonly confFile: string;
}

/** For how long a refused applicant is expected to ask again, in milliseconds. */
export const PATIENCE_MS = 2000;

export class Succession {
  #ending = false;
  #given = false;
  #refusedAt = -Infinity;

  /** @param replaced The proxy.conf of the process that this one took over from; `undefined` for none. */
  constructor(private readonly replaced: string | undefined) {}

  /** Why `applicant` gets nothing; `undefined` when it is to have the sockets. */
  refuse(applicant: Applicant, now: number): string | undefined {
    if (this.#given) return "another process takes over";
    if (this.#ending || applicant.confFile !== this.replaced) return undefined;
    this.#refusedAt = now;
    return "this proxy took over from that one; it gives its ports back when it ends";
  }

  /** The sockets are on their way to an applicant, or stay after all. */
  set given(given: boolean) {
    this.#given = given;
  }

  /** This proxy ends. Returns for how long it pays to go on until an applicant asks again. */
  end(now: number): number {
    this.#ending = true;
    return this.#given ? 0 : Math.max(0, this.#refusedAt + PATIENCE_MS - now);
  }
}
