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
import type { ThreadShare } from "./thread_share.ts";

/** How often what nobody believes any more is forgotten, in milliseconds. */
const SWEEP_MS = 2000;
/** How long a proxy that drains waits for the request of another proxy that is connected, in milliseconds. */
const UNASKED_MS = 500;

/** All its timers and sockets are those of its engine; who listens gives it what was accepted. */
export class Core {
  readonly #context: Context;
  #stopSweeping = () => {};

  /**
   * @param now Milliseconds of a clock that never goes back.
   * @param share What other threads know of this one; none by default.
   */
  constructor(engine: Engine, log: Log, first: Plan, now: () => number, share?: ThreadShare) {
    this.#context = makeContext(engine, log, first, now, share);
    this.#resetLost(first);
    this.#sweepLater();
  }

  /** Takes over a plan; no connection is dropped. */
  apply(plan: Plan): void {
    const { conf, podHost, hosts, mappings } = plan;
    const context = this.#context;
    context.plans++;
    context.conf = conf;
    context.podHost = podHost;
    context.mayConnect = clientFilter(conf.clientFrom);
    context.memory.lifetimes = lifetimesOf(conf);
    context.peers.load(hosts);
    context.table.load(mappings);
    this.#resetLost(plan);
    this.#sweep();
    this.#keepMetrics();
  }

  status(): Omit<PlaneStatus, "engine" | "workers" | "listeners" | "wanted" | "missing"> {
    const { engine, memory, now, pool, unasked, sessions, waiting } = this.#context;
    const idle = pool.idle + unasked.size;
    return {
      sessions: sessions.count - unasked.size,
      connections: engine.count - idle,
      idle,
      seeking: sessions.count - sessions.joined - unasked.size - waiting.size,
      waiting: waiting.ports,
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
    const { engine, pool, prober, sessions } = this.#context;
    prober.stop();
    pool.stop();
    const stopAsking = engine.after(UNASKED_MS, () => this.#endUnasked());
    const limit = Promise.withResolvers<void>();
    const cancel = engine.after(limitMs, limit.resolve);
    await Promise.race([limit.promise, sessions.none()]);
    cancel();
    stopAsking();
    if (sessions.count > 0) {
      this.#context.log.warn("Connections are cut off", { connections: sessions.count });
    }
    await this.stop();
  }

  /** Ends everything at once. */
  async stop(): Promise<void> {
    const { engine, background, pool, prober, sessions, waiting } = this.#context;
    this.#context.ending = true;
    this.#stopSweeping();
    prober.stop();
    pool.stop();
    waiting.end();
    while (sessions.count > 0 || background.size > 0) {
      const next = sessions.next();
      engine.closeAll();
      await Promise.race([next, ...background]);
    }
    engine.closeAll();
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

  #resetLost({ conf, bind, podHost }: Plan): void {
    const { engine, log } = this.#context;
    engine.resetLost({
      own: [bind, podHost],
      silentMs: conf.keepAliveSeconds * 1000,
      onLost: (host) => {
        log.often("A host acknowledges nothing: connections with it are reset", { host });
      },
    });
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
    const context = this.#context;
    context.sessions.begin();
    if (port === context.conf.port) return servePeer(connection, context);
    serveClient(connection, port, context, (error) => {
      connection.close();
      context.log.error("Cannot serve a connection", {
        port,
        error: error instanceof Error ? error.stack : String(error),
      });
      context.sessions.end();
    });
  }
}
