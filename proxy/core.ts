/** The data plane of one thread: listeners and the connections they accept. */
import type { HostAddress } from "./conf/mod.ts";
import { serveClient } from "./cluster_side.ts";
import type { Context } from "./context.ts";
import type { Connection, Engine } from "./engine.ts";
import { Listeners } from "./listeners.ts";
import type { Log } from "./log.ts";
import { type Lifetimes, PeerMemory } from "./peer_memory.ts";
import { servePeer } from "./peer_side.ts";
import { Peers } from "./peers.ts";
import type { DataPlane, Plan, PlaneStatus } from "./plan.ts";
import { RoutingTable } from "./routing_table.ts";

/** How often what nobody believes any more is forgotten, in milliseconds. */
const SWEEP_MS = 2000;

/** See {@link DataPlane}. All its timers and sockets are those of its engine. */
export class Core implements DataPlane {
  readonly #context: Context;
  readonly #listeners: Listeners;
  readonly #sessions = new Set<Promise<void>>();
  #stopSweeping = () => {};

  /** @param now Milliseconds of a clock that never goes back. */
  constructor(engine: Engine, log: Log, first: Plan, now: () => number) {
    this.#context = {
      engine,
      log,
      now,
      table: new RoutingTable(first.cells),
      memory: new PeerMemory(lifetimesOf(first)),
      peers: new Peers(),
      conf: first.conf,
      podHost: first.podHost,
      ending: false,
      background: new Set(),
    };
    this.#listeners = new Listeners(
      engine,
      log,
      (connection, port) => this.#serve(connection, port),
    );
    this.#sweepLater();
  }

  async apply(plan: Plan): Promise<void> {
    const { conf, bind, podHost, hosts, mappings } = plan;
    const context = this.#context;
    context.conf = conf;
    context.podHost = podHost;
    context.memory.lifetimes = lifetimesOf(plan);
    context.peers.load(hosts);
    context.table.load(mappings);
    const addresses: HostAddress[] = [{ hostname: bind, port: conf.port }];
    for (const { first, last } of conf.clusterPorts) {
      for (let port = first; port <= last; port++) addresses.push({ hostname: bind, port });
    }
    await this.#listeners.set(addresses);
  }

  status(): PlaneStatus {
    return {
      listeners: this.#listeners.count,
      sessions: this.#sessions.size,
      connections: this.#context.engine.count,
    };
  }

  async drain(limitMs: number): Promise<void> {
    await this.#listeners.close();
    const limit = Promise.withResolvers<void>();
    const cancel = this.#context.engine.after(limitMs, limit.resolve);
    await Promise.race([limit.promise, this.#sessionsEnd()]);
    cancel();
    if (this.#sessions.size > 0) {
      this.#context.log.warn("Connections are cut off", { connections: this.#sessions.size });
    }
    await this.stop();
  }

  async stop(): Promise<void> {
    const { engine, background } = this.#context;
    this.#context.ending = true;
    this.#stopSweeping();
    await this.#listeners.close();
    while (this.#sessions.size > 0 || background.size > 0) {
      engine.closeAll();
      await Promise.race([...this.#sessions, ...background]);
    }
    engine.closeAll();
  }

  async #sessionsEnd(): Promise<void> {
    while (this.#sessions.size > 0) await Promise.all(this.#sessions);
  }

  #sweepLater(): void {
    const { engine, memory, peers, now } = this.#context;
    this.#stopSweeping = engine.after(SWEEP_MS, () => {
      memory.sweep(new Set(peers.names), now());
      this.#sweepLater();
    });
  }

  #serve(connection: Connection, port: number): void {
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
