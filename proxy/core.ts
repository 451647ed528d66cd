/** The connections of one thread: each accepted one is served to its end. */
import { clientFilter } from "./client_access.ts";
import { serveClient } from "./cluster_side.ts";
import type { Context } from "./context.ts";
import type { Connection, Engine } from "./engine.ts";
import type { Log } from "./log.ts";
import { lifetimesOf, makeContext } from "./make_context.ts";
import { servePeer } from "./peer_side.ts";
import type { Plan, PlaneStatus } from "./plan.ts";

/** How often what nobody believes any more is forgotten, in milliseconds. */
const SWEEP_MS = 2000;
/** How long a proxy that drains waits for the request of another proxy that is connected, in milliseconds. */
const UNASKED_MS = 500;

/** All its timers and sockets are those of its engine; who listens gives it what was accepted. */
export class Core {
  readonly #context: Context;
  readonly #sessions = new Set<Promise<void>>();
  #stopSweeping = () => {};

  /** @param now Milliseconds of a clock that never goes back. */
  constructor(engine: Engine, log: Log, first: Plan, now: () => number) {
    this.#context = makeContext(engine, log, first, now);
    this.#sweepLater();
  }

  /** Takes over a plan; no connection is dropped. */
  apply(plan: Plan): void {
    const { conf, podHost, hosts, mappings } = plan;
    const context = this.#context;
    context.conf = conf;
    context.podHost = podHost;
    context.mayConnect = clientFilter(conf.clientFrom);
    context.memory.lifetimes = lifetimesOf(conf);
    context.peers.load(hosts);
    context.table.load(mappings);
    this.#sweep();
  }

  status(): Omit<PlaneStatus, "listeners"> {
    const { engine, pool, unasked } = this.#context;
    const idle = pool.idle + unasked.size;
    return {
      sessions: this.#sessions.size - unasked.size,
      connections: engine.count - idle,
      idle,
    };
  }

  /** Ends once all connections have, or after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    const { engine, pool, prober } = this.#context;
    prober.stop();
    pool.stop();
    const stopAsking = engine.after(UNASKED_MS, () => this.#endUnasked());
    const limit = Promise.withResolvers<void>();
    const cancel = engine.after(limitMs, limit.resolve);
    await Promise.race([limit.promise, this.#sessionsEnd()]);
    cancel();
    stopAsking();
    if (this.#sessions.size > 0) {
      this.#context.log.warn("Connections are cut off", { connections: this.#sessions.size });
    }
    await this.stop();
  }

  /** Ends everything at once. */
  async stop(): Promise<void> {
    const { engine, background, pool, prober, waiting } = this.#context;
    this.#context.ending = true;
    this.#stopSweeping();
    prober.stop();
    pool.stop();
    waiting.end();
    while (this.#sessions.size > 0 || background.size > 0) {
      engine.closeAll();
      await Promise.race([...this.#sessions, ...background]);
    }
    engine.closeAll();
  }

  async #sessionsEnd(): Promise<void> {
    while (this.#sessions.size > 0) await Promise.all(this.#sessions);
  }

  /** Ends the connections of other proxies that wait for their first request. */
  #endUnasked(): void {
    for (const peer of this.#context.unasked) peer.close();
  }

  #sweep(): void {
    const { memory, peers, now } = this.#context;
    memory.sweep(new Set(peers.names), now());
  }

  #sweepLater(): void {
    this.#stopSweeping = this.#context.engine.after(SWEEP_MS, () => {
      this.#sweep();
      this.#sweepLater();
    });
  }

  /** Serves a connection that was accepted on `port`. */
  serve(connection: Connection, port: number): void {
    const context = this.#context;
    const serving = port === context.conf.port
      ? servePeer(connection, context)
      : serveClient(connection, port, context);
    const session = serving.catch((error) => {
      context.log.error("Cannot serve a connection", {
        port,
        error: error?.stack ?? String(error),
      });
    }).finally(() => this.#sessions.delete(session));
    this.#sessions.add(session);
  }
}
