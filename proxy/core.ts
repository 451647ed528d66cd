/** The connections of one thread: each accepted one is served to its end. */
import { MEASURED, Metrics } from "./admin/metrics.ts";
import type { MetricsSnapshot } from "./admin/snapshot.ts";
import { serveClient } from "./cluster_side.ts";
import { inRange } from "./conf/mod.ts";
import type { Context } from "./context.ts";
import { type Connection, type Engine, pause } from "./engine.ts";
import type { Log } from "./log.ts";
import { type Lifetimes, PeerMemory } from "./peer_memory.ts";
import { servePeer } from "./peer_side.ts";
import { Peers } from "./peers.ts";
import type { Plan, PlaneStatus } from "./plan.ts";
import { RoutingTable } from "./routing_table.ts";

/** How often what nobody believes any more is forgotten, in milliseconds. */
const SWEEP_MS = 2000;

/** All its timers and sockets are those of its engine; who listens gives it what was accepted. */
export class Core {
  readonly #context: Context;
  readonly #sessions = new Set<Promise<void>>();
  #stopSweeping = () => {};

  /** @param now Milliseconds of a clock that never goes back. */
  constructor(engine: Engine, log: Log, first: Plan, now: () => number) {
    this.#context = {
      engine,
      log,
      metrics: new Metrics(now),
      now,
      table: new RoutingTable(first.cells),
      memory: new PeerMemory(lifetimesOf(first)),
      peers: new Peers(),
      conf: first.conf,
      podHost: first.podHost,
      ending: false,
      background: new Set(),
    };
    this.#sweepLater();
  }

  /** Takes over a plan; no connection is dropped. */
  apply(plan: Plan): void {
    const { conf, podHost, hosts, mappings } = plan;
    const context = this.#context;
    context.conf = conf;
    context.podHost = podHost;
    context.memory.lifetimes = lifetimesOf(plan);
    context.peers.load(hosts);
    context.table.load(mappings);
    this.#keepMetrics();
  }

  status(): Pick<PlaneStatus, "sessions" | "connections" | "remembered"> {
    const { engine, memory, now } = this.#context;
    return {
      sessions: this.#sessions.size,
      connections: engine.count,
      remembered: memory.list(now()),
    };
  }

  /** What this thread counted, and has open. Connections get their turn in between, however much it is. */
  async metrics(): Promise<MetricsSnapshot> {
    const { engine, metrics } = this.#context;
    const counted: { -readonly [Key in keyof MetricsSnapshot]: MetricsSnapshot[Key] } = {};
    for (const key of MEASURED) {
      counted[key] = metrics.samples(key);
      await pause(engine, 0);
    }
    return { ...counted, open: [{ labels: [], values: [engine.count] }] };
  }

  /** Ends once all connections have, or after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const cancel = this.#context.engine.after(limitMs, limit.resolve);
    await Promise.race([limit.promise, this.#sessionsEnd()]);
    cancel();
    if (this.#sessions.size > 0) {
      this.#context.log.warn("Connections are cut off", { connections: this.#sessions.size });
    }
    await this.stop();
  }

  /** Ends everything at once. */
  async stop(): Promise<void> {
    const { engine, background } = this.#context;
    this.#context.ending = true;
    this.#stopSweeping();
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

  #sweepLater(): void {
    const { engine, log, memory, peers, now } = this.#context;
    this.#stopSweeping = engine.after(SWEEP_MS, () => {
      memory.sweep(new Set(peers.names), now());
      log.sweep();
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

function lifetimesOf({ conf: { remember } }: Plan): Lifetimes {
  return {
    ok: remember.ok * 1000,
    refused: remember.refused * 1000,
    busy: remember.busy * 1000,
    silent: remember.silent * 1000,
  };
}
