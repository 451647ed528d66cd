/** The old process of a restart: gives its listening sockets to the one that takes over. */
import { dirname, join } from "node:path";
import type { TakeoverAnswer } from "./admin/client.ts";
import type { Log } from "./log.ts";
import { type Applicant, Succession } from "./succession.ts";

/** How long another process may take until it serves what it takes over, in milliseconds. */
const TAKEOVER_MS = 60_000;

export interface GiveOverOptions {
  /** Absolute path of the own proxy.conf. */
  readonly confFile: string;
  readonly log: Log;
  /** The proxy.conf of the process that this one took over from. */
  readonly replaced: string | undefined;
  /** Gives the sockets at a unix socket that it makes; see `DataPlane.give`. */
  readonly give: (path: string, timeoutMs: number) => Promise<void>;
  /** Hears that another process serves from now on. */
  readonly onSucceeded: () => void;
}

export class GiveOver {
  readonly #succession: Succession;
  /** Resolves when somebody is being given the sockets. */
  #began = Promise.withResolvers<void>();
  /** Resolves when nobody is being given the sockets (any more). */
  #giving: Promise<void> = Promise.resolve();
  #isSucceeded = false;

  constructor(readonly options: GiveOverOptions) {
    this.#succession = new Succession(options.confFile, options.replaced);
  }

  /** Whether another process serves. */
  get isSucceeded(): boolean {
    return this.#isSucceeded;
  }

  /** The proxy.conf of a process that waits for the end of this one; `undefined` for none. */
  get successor(): string | undefined {
    return this.#succession.waiting(performance.now());
  }

  /**
   * Answers at once; the sockets follow, beside the socket for questions.
   *
   * @param socket Path of that; `undefined` when there is none.
   */
  giveTo(applicant: Applicant, socket: string | undefined): TakeoverAnswer {
    const { confFile, log, give, onSucceeded } = this.options;
    const refusal = this.#succession.refuse(applicant, performance.now());
    if (refusal !== undefined) return { refusal };
    if (socket === undefined) return { refusal: "it has no place to give its sockets" };
    const path = join(dirname(socket), `.takeover-${Deno.pid}`);
    this.#succession.given = true;
    this.#giving = give(path, TAKEOVER_MS).then(() => {
      log.info("Another process takes over", { pid: applicant.pid });
      this.#isSucceeded = true;
      onSucceeded();
    }, (error) => {
      this.#succession.given = false;
      this.#began = Promise.withResolvers();
      log.warn("Nobody took over after all", { error: String(error) });
    });
    this.#began.resolve();
    return { path, pid: Deno.pid, confFile };
  }

  /**
   * This process ends: waits a moment for one that was refused until now, and until the one that is
   * being given the sockets has them. Closing them before that would refuse clients.
   */
  async end(): Promise<void> {
    const leftMs = this.#succession.end(performance.now());
    if (leftMs > 0) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, leftMs));
      await Promise.race([this.#began.promise, late]);
      clearTimeout(timer);
    }
    await this.#giving;
  }
}
