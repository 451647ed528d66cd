/** The connections of one thread: each accepted one is served to its end. */
import { MEASURED } from "./admin/metrics.ts";
import type { MetricsSnapshot } from "./admin/snapshot.ts";
import { clientFilter } from "./client_access.ts";
import { serveClient } from "./cluster_side.ts";
import { inRange } from "./conf/mod.ts";
import type { Context } from "./context.ts";
import { type Connection, type Engine, pause } from "./engine.ts";
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
    this.#keepMetrics();
  }

  status(): Pick<PlaneStatus, "sessions" | "connections" | "idle" | "remembered"> {
    const { engine, memory, now, pool, unasked } = this.#context;
    const idle = pool.idle + unasked.size;
    return {
      sessions: this.#sessions.size - unasked.size,
      connections: engine.count - idle,
      idle,
      remembered: memory.list(now()),
    };
  }

  /** What this thread counted, and has open. Connections get their turn in between, however much it is. */
  async metrics(): Promise<MetricsSnapshot> {
    const { engine, metrics, waiting } = this.#context;
    const counted: { -readonly [Key in keyof MetricsSnapshot]: MetricsSnapshot[Key] } = {};
    for (const key of MEASURED) {
      counted[key] = metrics.samples(key);
      await pause(engine, 0);
    }
    const { connections, idle } = this.status();
    const one = (value: number) => [{ labels: [], values: [value] }];
    return { ...counted, open: one(connections), idle: one(idle), waiting: one(waiting.size) };
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

  /** Numbers of ports and hosts are kept as long as the files name them. */
  #keepMetrics(): void {
    const { conf, table, peers, metrics } = this.#context;
    const hosts = new Set(peers.names);
    metrics.keep(
      (port) => table.has(port) || conf.clusterPorts.some((range) => inRange(port, range)),
      (host) => hosts.has(host),
    );
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
      this.#context.log.sweep();
      this.#sweepLater();
    });
  }

  /** Serves a connection that was accepted on `port`. */
  serve(connection: Connection, port: number): void {
    const session = this.#attend(connection, port);
    this.#sessions.add(session);
    session.then(() => this.#sessions.delete(session));
  }

  async #attend(connection: Connection, port: number): Promise<void> {
    const context = this.#context;
    try {
      if (port === context.conf.port) await servePeer(connection, context);
      else await serveClient(connection, port, context);
    } catch (error) {
      context.log.error("Cannot serve a connection", {
        port,
        error: error instanceof Error ? error.stack : String(error),
      });
    }
  }
}
