/** The data plane in the thread that it is made in. */
import { Core } from "./core.ts";
import type { Engine } from "./engine.ts";
import { Listeners } from "./listeners.ts";
import type { Log } from "./log.ts";
import { addressesOf, type DataPlane, type Plan, type PlaneStatus } from "./plan.ts";

/** See {@link DataPlane}. */
export class LocalPlane implements DataPlane {
  readonly #core: Core;
  readonly #listeners: Listeners;

  constructor(engine: Engine, log: Log, first: Plan) {
    const core = new Core(engine, log, first, () => performance.now());
    this.#core = core;
    this.#listeners = new Listeners(
      engine,
      log,
      (connection, port) => core.serve(connection, port),
    );
  }

  async apply(plan: Plan): Promise<void> {
    this.#core.apply(plan);
    await this.#listeners.set(addressesOf(plan));
  }

  status(): PlaneStatus {
    return { listeners: this.#listeners.count, ...this.#core.status() };
  }

  async drain(limitMs: number): Promise<void> {
    await this.#listeners.close();
    await this.#core.drain(limitMs);
  }

  async stop(): Promise<void> {
    await this.#listeners.close();
    await this.#core.stop();
  }
}
