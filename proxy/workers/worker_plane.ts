/** The data plane of several threads, each with an engine of its own. */
import { mergeRemembered } from "../admin/remembered.ts";
import { mergeSnapshots, type MetricsSnapshot } from "../admin/snapshot.ts";
import {
  type Bequest,
  giveListeners,
  type HandedOver,
  type OpenListener,
} from "../linux/handover.ts";
import { Listeners } from "../listeners.ts";
import type { Log } from "../log.ts";
import { type DataPlane, type Plan, type PlaneStatus, portsOf } from "../plan.ts";
import { shareOf } from "../thread_share.ts";
import type { Requests } from "./messages.ts";
import { SharedSockets } from "./shared_sockets.ts";
import { Thread } from "./thread.ts";

/** How much longer than its limit a drain may take until a thread counts as stuck, in milliseconds. */
const STUCK_MS = 10_000;

/** See {@link DataPlane}. */
export class WorkerPlane implements DataPlane {
  readonly #sockets: SharedSockets;
  readonly #listeners: Listeners;
  #ending: Promise<void> | undefined;
  #ended = false;

  private constructor(
    private readonly threads: readonly Thread[],
    log: Log,
    inherited: readonly OpenListener[],
  ) {
    this.#sockets = new SharedSockets(async (open, drop) => {
      await this.#askAll("share", { open, drop });
    }, inherited);
    this.#listeners = new Listeners(this.#sockets, log, () => {}, () => {});
  }

  /**
   * @param count Number of threads.
   * @param onFailure Hears that a thread ended by mistake; the plane is of no use then.
   * @param inherited Listening sockets of the process before; those not wanted are closed.
   */
  static async start(
    first: Plan,
    log: Log,
    count: number,
    onFailure: (error: Error) => void,
    inherited: readonly OpenListener[] = [],
  ): Promise<WorkerPlane> {
    const starting = shareOf(count).map((share) => Thread.start({ first, share }, onFailure));
    const settled = await Promise.allSettled(starting);
    const threads = settled.filter((each) => each.status === "fulfilled").map(({ value }) => value);
    const failed = settled.find((each) => each.status === "rejected");
    if (failed) {
      for (const thread of threads) thread.terminate();
      throw failed.reason;
    }
    return new WorkerPlane(threads, log, inherited);
  }

  async apply(plan: Plan): Promise<void> {
    await this.#askAll("apply", { plan });
    await this.#listeners.set(plan.bind, portsOf(plan));
    await this.#sockets.flush();
    this.#sockets.closeUnclaimed();
  }

  async status(): Promise<PlaneStatus> {
    const each = await this.#askAll("status", {});
    const sum = (key: "sessions" | "connections" | "idle" | "seeking") =>
      each.reduce((total, status) => total + status[key], 0);
    const { count: listeners, wanted, missing } = this.#listeners;
    return {
      engine: "linux",
      workers: this.threads.length,
      listeners,
      wanted,
      missing,
      sessions: sum("sessions"),
      connections: sum("connections"),
      idle: sum("idle"),
      seeking: sum("seeking"),
      waiting: [...new Set(each.flatMap(({ waiting }) => waiting))],
      remembered: mergeRemembered(each.map(({ remembered }) => remembered)),
    };
  }

  async metrics(): Promise<MetricsSnapshot> {
    return mergeSnapshots([...await this.#askAll("metrics", {}), this.#listeners.metrics()]);
  }

  async follow(plan: Plan): Promise<void> {
    await this.#askAll("apply", { plan });
  }

  give(
    path: string,
    begin: () => Promise<Bequest>,
    timeoutMs: number,
  ): Promise<HandedOver> {
    return giveListeners(path, this.#sockets.listeners, begin, timeoutMs);
  }

  drain(limitMs: number): Promise<void> {
    return this.#end(() => this.#askAll("drain", { limitMs }, limitMs + STUCK_MS));
  }

  /** Also ends a drain that goes on. */
  async stop(): Promise<void> {
    const drains = this.#ending !== undefined && !this.#ended;
    const ending = this.#end(() => this.#askAll("stop", {}));
    if (drains) await this.#askAll("stop", {}).catch(() => {}); // It ended by itself meanwhile.
    await ending;
  }

  /** Stops listening, has the threads do the last they do, and ends them; once. */
  #end(last: () => Promise<unknown>): Promise<void> {
    return this.#ending ??= this.#listeners.close().then(last).then(() => {}).finally(() => {
      this.#ended = true;
      for (const thread of this.threads) thread.terminate();
    });
  }

  /** Once they ended, the threads have nothing to tell, whenever they were asked. */
  #askAll<What extends keyof Requests>(
    what: What,
    ask: Requests[What]["ask"],
    limitMs?: number,
  ): Promise<Requests[What]["answer"][]> {
    if (this.#ended) return Promise.resolve([]);
    const answers = Promise.all(this.threads.map((thread) => thread.ask(what, ask, limitMs)));
    return answers.catch((error) => {
      if (this.#ended) return [];
      throw error;
    });
  }
}
