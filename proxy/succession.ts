/**
 * Whether a proxy hands its listening sockets to another process that asks for them. Pure.
 *
 * It does, but not to the one of another proxy.conf that it took them from itself: that is another
 * version of the pod, which its supervisor starts again after it ended, and the two would replace each
 * other for ever. It gets them back when this one ends. The same proxy.conf is a plain restart.
 */

/** What a process that wants to take over says of itself. */
export interface Applicant {
  readonly pid: number;
  /** Absolute path of its proxy.conf. */
  readonly confFile: string;
}

/** For how long a refused applicant is expected to ask again, in milliseconds. */
export const PATIENCE_MS = 5000;

export class Succession {
  #ending = false;
  #given = false;
  #refusedAt = -Infinity;

  readonly #waits: string | undefined;

  /**
   * @param own The own proxy.conf.
   * @param replaced That of the process that this one took over from; `undefined` for none.
   */
  constructor(own: string, replaced: string | undefined) {
    this.#waits = replaced === own ? undefined : replaced;
  }

  /** Why `applicant` gets nothing; `undefined` when it is to have the sockets. */
  refuse(applicant: Applicant, now: number): string | undefined {
    if (this.#given) return "another process takes over";
    if (this.#ending || applicant.confFile !== this.#waits) return undefined;
    this.#refusedAt = now;
    return "this proxy took over from that one; it gives its ports back when it ends";
  }

  /** The proxy.conf of a process that waits for the end of this one; `undefined` for none. */
  waiting(now: number): string | undefined {
    return now - this.#refusedAt <= PATIENCE_MS ? this.#waits : undefined;
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
