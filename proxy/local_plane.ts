/** The data plane in the thread that it is made in. */
import { AcceptFailures } from "./accept_failures.ts";
import { mergeSnapshots, type MetricsSnapshot } from "./admin/snapshot.ts";
import { Core } from "./core.ts";
import type { Engine } from "./engine.ts";
import { Listeners } from "./listeners.ts";
import type { Log } from "./log.ts";
import { type DataPlane, type Plan, type PlaneStatus, portsOf } from "./plan.ts";

/** See {@link DataPlane}. */
export class LocalPlane implements DataPlane {
  readonly #engine: Engine;
  readonly #core: Core;
  readonly #failures: AcceptFailures;
  readonly #listeners: Listeners;

  constructor(engine: Engine, log: Log, first: Plan) {
    this.#engine = engine;
    const core = new Core(engine, log, first, () => performance.now());
    this.#core = core;
    this.#failures = new AcceptFailures(log);
    this.#listeners = new Listeners(
      engine,
      log,
      (connection, port) => core.serve(connection, port),
      (error) => this.#failures.note(error),
    );
  }

  async apply(plan: Plan): Promise<void> {
    this.#core.apply(plan);
    await this.#listeners.set(plan.bind, portsOf(plan));
  }

  status(): PlaneStatus {
    const { count: listeners, wanted, missing } = this.#listeners;
    const engine = this.#engine.name;
    return { engine, workers: 1, listeners, wanted, missing, ...this.#core.status() };
  }

  async metrics(): Promise<MetricsSnapshot> {
    return mergeSnapshots([
      await this.#core.metrics(),
      this.#listeners.metrics(),
      this.#failures.metrics(),
    ]);
  }

  async drain(limitMs: number): Promise<void> {
    await this.#listeners.close();
    await this.#core.drain(limitMs);
  }

  follow(plan: Plan): void {
    this.#core.apply(plan);
  }

  give(): Promise<never> {
    return Promise.reject(new Error("the sockets of ENGINE deno can't be handed over"));
  }

  async stop(): Promise<void> {
    await this.#listeners.close();
    await this.#core.stop();
  }
}
