/** Somebody at a machine of their own who syncs simulated hosts with the code of `sns cluster sync`. */
import { NO_PROGRESS } from "../../ui/progress.ts";
import type { HostOutcome } from "../../ui/summary.ts";
import { syncCluster, type SyncOptions } from "../../sync/sync.ts";
import { prepareHosts } from "../../sync/prepare.ts";
import type { Operation } from "../../sync/operation.ts";
import type { SyncDeps, SyncWorld } from "../../sync/world.ts";
import type { Random } from "../random.ts";
import { packFiles } from "./bundle.ts";
import type { Clock } from "./clock.ts";
import { CLUSTER_ID, type Commit } from "./commits.ts";
import { type Asker, Link, type LinkState } from "./link.ts";
import type { Machine } from "./machine.ts";

const CLUSTER = { root: "/project", id: CLUSTER_ID, podPath: "/project/_pods" };

export interface OperatorOptions {
  readonly name: string;
  readonly commit: Commit;
  readonly sync?: Partial<SyncOptions>;
  readonly link?: Partial<LinkState>;
}

export class Operator implements Asker {
  readonly links: ReadonlyMap<string, Link>;
  /** Set when the sync is over; stays unset when the operator was killed. */
  outcomes: readonly HostOutcome[] | undefined;
  /** What the sync threw, when it did. */
  error: unknown;
  readonly warnings: string[] = [];
  /** Its disk is full: logs can't be written, nothing can be packed. */
  fullDisk = false;
  onRequest: Asker["onRequest"] = () => {};
  readonly #controller = new AbortController();
  #alive = true;
  #stalledUntil = 0;

  constructor(
    readonly clock: Clock,
    readonly random: Random,
    machines: readonly Machine[],
    readonly options: OperatorOptions,
  ) {
    this.links = new Map(machines.map((machine) => [
      machine.name,
      new Link(clock, machine, {
        wake: (action) => this.wake(action),
        onRequest: (...args) => this.onRequest(...args),
      }, options.link),
    ]));
  }

  get commit(): Commit {
    return this.options.commit;
  }

  /** Whether its sync has come to an end, a good or a bad one. */
  get over(): boolean {
    return !this.#alive || this.outcomes !== undefined || this.error !== undefined;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Syncs; {@link over} tells when it is done. */
  start(): void {
    syncCluster(this.#deps(), CLUSTER, this.commit.project, this.#options(), this.#world())
      .then((outcomes) => this.outcomes = outcomes, (error) => this.error = error);
  }

  /** What a sync would do on each host; the error where it can't be said. */
  async plan(): Promise<Map<string, readonly Operation[] | unknown>> {
    const { prepared, refused } = await prepareHosts(
      this.#deps(),
      CLUSTER,
      this.commit.project,
      this.#options(),
      this.#world(),
    );
    return new Map<string, unknown>([
      ...prepared.map(({ host, operations }) => [host.name, operations] as const),
      ...refused.map(({ host, error }) => [host.name, error] as const),
    ]);
  }

  /** kill -9: nothing of it runs any more, its connections end. */
  kill(): void {
    this.#alive = false;
    for (const link of this.links.values()) link.cut(0);
  }

  /** It stands still, as a laptop with its lid closed. */
  stall(ms: number): void {
    this.#stalledUntil = this.clock.now + ms;
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.wake(() => this.#controller.abort(new Error("interrupted")));
  }

  wake(action: () => void): void {
    if (!this.#alive) return;
    const waitMs = this.#stalledUntil - this.clock.now;
    if (waitMs > 0) this.clock.after(waitMs, () => this.wake(action));
    else action();
  }

  #options(): SyncOptions {
    return { force: false, parallel: 10, skipUnreachable: false, ...this.options.sync };
  }

  #deps(): SyncDeps {
    const warn = (text: string) => void this.warnings.push(text);
    return {
      connect: ({ name }) => this.links.get(name)!,
      env: (name) => name === "USER" ? this.options.name : undefined,
      log: { debug: () => {}, info: () => {}, ok: () => {}, warn, error: warn },
      progress: NO_PROGRESS,
      now: () => new Date(1_700_000_000_000 + this.clock.now),
      random: () => this.random.next(),
      signal: this.#controller.signal,
    };
  }

  #world(): SyncWorld {
    return {
      desired: (host) => this.#own(() => this.commit.desired(host.name)),
      pack: (host, _desired, operations) =>
        this.#own(() => {
          this.#needRoom();
          const { bytes, sum } = packFiles(this.commit.bundle(host.name, operations));
          const [open, dispose] = [() => Promise.resolve(bytes), () => Promise.resolve()];
          return { sum, open, [Symbol.asyncDispose]: dispose };
        }),
      pause: (ms, done) => this.#pause(ms, done),
      note: () => this.#own(() => this.#needRoom()),
    };
  }

  #needRoom(): void {
    if (this.fullDisk) throw new Error("No space left on device");
  }

  /** Something that the operator's own machine does. */
  #own<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const act = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      this.clock.after(this.random.next(), () => this.wake(act));
    });
  }

  #pause(ms: number, done: AbortSignal): Promise<boolean> {
    if (done.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = this.clock.after(ms, () => this.wake(() => finish(true)));
      const stop = () => finish(false);
      const finish = (result: boolean) => {
        cancel();
        done.removeEventListener("abort", stop);
        resolve(result);
      };
      done.addEventListener("abort", stop);
    });
  }
}
