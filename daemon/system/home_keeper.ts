/** Keeps one host home served: a process for it, and another one when that ends. */
import type { Log } from "../log.ts";
import { messageOf } from "../files.ts";
import { backOff } from "../reconcile/timing.ts";
import { sleep } from "../sleep.ts";
import type { HomeProcess, HomeProcessOptions } from "./home_process.ts";

/** How a home is doing, for `simplenetesd status`. */
export interface HomeState {
  readonly phase: "starting" | "serving" | "waiting" | "ended";
  /** Of its present process. */
  readonly pid?: number;
  readonly pods: number;
  /** Processes in a row that did not last. */
  readonly failures: number;
  readonly lastError?: string;
  readonly lastErrorMs?: number;
  /** When the next process is started, Unix milliseconds. */
  readonly nextRetryMs?: number;
}

export interface KeeperDeps {
  readonly log: Log;
  /** Starts a process; may take its time, as the runtime directory may have to be made first. */
  readonly start: (
    options: Pick<HomeProcessOptions, "onTurn" | "stop" | "stopNow">,
  ) => Promise<HomeProcess>;
  /** Milliseconds, monotonic and Unix. */
  readonly now: () => { readonly mono: number; readonly wall: number };
}

/** A process that served for this long (ms) has earlier failures forgiven. */
const FORGIVEN_AFTER = 60_000;

export class HomeKeeper {
  #state: HomeState = { phase: "starting", pods: 0, failures: 0 };

  constructor(readonly home: string, readonly deps: KeeperDeps) {}

  get state(): HomeState {
    return this.#state;
  }

  /** Keeps at it until `stop` aborts and the process has ended. Never rejects. */
  async keep(stop: AbortSignal, stopNow: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const { mono } = this.deps.now();
      const why = await this.#live(stop, stopNow);
      if (stop.aborted) {
        if (why !== undefined) this.deps.log("ERROR", `Host home ${this.home}: ${why}`);
        break;
      }
      const lasted = this.deps.now().mono - mono >= FORGIVEN_AFTER;
      const failures = (lasted ? 0 : this.#state.failures) + 1;
      const pause = backOff(failures);
      const wall = this.deps.now().wall;
      const lastError = why ?? "its process ended";
      this.#state = {
        phase: "waiting",
        pods: this.#state.pods,
        failures,
        lastError,
        lastErrorMs: wall,
        nextRetryMs: wall + pause,
      };
      this.deps.log(
        "ERROR",
        `Host home ${this.home}: ${lastError}; the next one starts in ${pause / 1000} s`,
      );
      await sleep(pause, stop);
    }
    this.#state = { phase: "ended", pods: 0, failures: this.#state.failures };
  }

  async #live(stop: AbortSignal, stopNow: AbortSignal): Promise<string | undefined> {
    try {
      const process = await this.deps.start({
        stop,
        stopNow,
        onTurn: (pods) => this.#turned(pods),
      });
      const { nextRetryMs: _, ...state } = this.#state;
      this.#state = { ...state, phase: "starting", pid: process.pid };
      return await process.ended;
    } catch (error) {
      return `its process does not start: ${messageOf(error)}`;
    }
  }

  #turned(pods: number): void {
    if (this.#state.phase === "serving" && this.#state.pods === pods) return;
    this.#state = { ...this.#state, phase: "serving", pods };
  }
}
