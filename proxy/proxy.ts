/** One proxy: starts, follows its files, drains, stops. */
import { ConfFiles, type Settings, watch } from "./conf_files.ts";
import { type HostAddress, inRange, type PortMapping } from "./conf/mod.ts";
import { serveClient } from "./cluster_side.ts";
import type { Context } from "./context.ts";
import { DenoEngine } from "./deno_engine.ts";
import type { Connection, Engine } from "./engine.ts";
import { Listeners } from "./listeners.ts";
import type { Log } from "./log.ts";
import { type Lifetimes, PeerMemory } from "./peer_memory.ts";
import { Peers, type Resolve } from "./peers.ts";
import { servePeer } from "./peer_side.ts";
import { RoutingTable } from "./routing_table.ts";

export interface ProxyOptions {
  /** Absolute path of proxy.conf. */
  readonly confFile: string;
  readonly log: Log;
  /** Sockets; those of Deno by default. */
  readonly engine?: Engine;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  /** Looks host names up; the system by default. */
  readonly resolve?: Resolve;
  /** How often the files are looked at without an event, in milliseconds; 2000 by default. */
  readonly pollMs?: number;
}

/** How often host names are looked up again, in milliseconds. */
const RESOLVE_MS = 60_000;
const ANY = "0.0.0.0";

/** A running proxy. */
export class Proxy {
  readonly #context: Context;
  readonly #files: ConfFiles;
  readonly #listeners: Listeners;
  readonly #sessions = new Set<Promise<void>>();
  readonly #pollMs: number;
  #settings: Settings;
  #host: string | undefined;
  #unwatch = () => {};
  #resolveTimer: ReturnType<typeof setInterval> | undefined;
  #unresolved = "";
  #reloading: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(
    { log, ...options }: ProxyOptions,
    files: ConfFiles,
    settings: Settings,
  ) {
    const { conf } = settings;
    this.#files = files;
    this.#settings = settings;
    this.#pollMs = options.pollMs ?? 2000;
    this.#context = {
      engine: options.engine ?? new DenoEngine(),
      log,
      now: options.now ?? (() => performance.now()),
      table: new RoutingTable(),
      memory: new PeerMemory(lifetimesOf(settings)),
      peers: new Peers(options.resolve),
      conf,
      podHost: ANY,
      ending: false,
      background: new Set(),
    };
    this.#listeners = new Listeners(
      this.#context.engine,
      log,
      (connection, port) => this.#serve(connection, port),
    );
  }

  /**
   * Starts a proxy. Ports that can't be opened are reported and tried again.
   *
   * @throws Error when proxy.conf can't be read or has mistakes.
   */
  static async start(options: ProxyOptions): Promise<Proxy> {
    const files = new ConfFiles(options.confFile, options.log);
    const settings = await files.read();
    const proxy = new Proxy(options, files, settings);
    await proxy.#apply(settings);
    proxy.#resolveTimer = setInterval(() => proxy.#resolve(), RESOLVE_MS);
    return proxy;
  }

  /** Open listeners and the connections being served. */
  status(): { listeners: number; sessions: number; connections: number } {
    return {
      listeners: this.#listeners.count,
      sessions: this.#sessions.size,
      connections: this.#context.engine.count,
    };
  }

  /** Reads the files again, and takes over what changed. No connection is dropped. */
  reload(): Promise<void> {
    if (!this.#closed) {
      this.#reloading = this.#reloading.then(() => this.#reload()).catch((error) =>
        this.#context.log.error("Cannot reload", { error: String(error) })
      );
    }
    return this.#reloading;
  }

  /** Accepts nothing more, and ends once all connections have, or after `limitMs` (by default DRAINSECONDS). */
  async drain(limitMs = this.#context.conf.drainSeconds * 1000): Promise<void> {
    await this.#close();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise((resolve) => timer = setTimeout(resolve, limitMs));
    await Promise.race([limit, this.#sessionsEnd()]);
    clearTimeout(timer);
    if (this.#sessions.size > 0) {
      this.#context.log.warn("Connections are cut off", { connections: this.#sessions.size });
    }
    await this.stop();
  }

  /** Ends everything at once. */
  async stop(): Promise<void> {
    this.#context.ending = true;
    await this.#close();
    while (this.#sessions.size > 0 || this.#context.background.size > 0) {
      this.#context.engine.closeAll();
      await Promise.race([...this.#sessions, ...this.#context.background]);
    }
    this.#context.engine.closeAll();
  }

  async #close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#resolveTimer);
    await this.#reloading;
    this.#unwatch();
    await this.#listeners.close();
  }

  async #sessionsEnd(): Promise<void> {
    while (this.#sessions.size > 0) await Promise.all(this.#sessions);
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

  async #reload(): Promise<void> {
    const { memory, peers, now } = this.#context;
    const settings = await this.#files.read();
    if (settings !== this.#settings && !this.#closed) await this.#apply(settings);
    memory.sweep(new Set(peers.names), now());
  }

  async #apply(settings: Settings): Promise<void> {
    const { conf, hosts } = settings;
    const context = this.#context;
    this.#settings = settings;
    context.conf = conf;
    context.memory.lifetimes = lifetimesOf(settings);
    this.#host = await this.#chooseHost(conf.host ?? hosts[0]?.hostname);
    const bind = this.#host ?? ANY;
    context.podHost = conf.podHost ?? (isWildcard(bind) ? "127.0.0.1" : bind);
    const byName = conf.host !== undefined && !isWildcard(conf.host);
    context.peers.load(
      hosts,
      hosts.find((host) => host.hostname === this.#host && host.port === conf.port) ??
        (byName ? undefined : hosts[0]),
      conf.peerFrom,
    );
    context.table.load(this.#safeMappings(settings, bind));
    const addresses: HostAddress[] = [{ hostname: bind, port: conf.port }];
    for (const { first, last } of conf.clusterPorts) {
      for (let port = first; port <= last; port++) addresses.push({ hostname: bind, port });
    }
    this.#unwatch();
    this.#unwatch = watch(
      this.#files.directories(),
      this.#pollMs,
      () => this.reload(),
      context.log,
    );
    await Promise.all([this.#resolve(), this.#listeners.set(addresses)]);
    context.log.info("Settings are in force", {
      host: bind,
      port: conf.port,
      listeners: this.#listeners.count,
      hosts: hosts.length,
      mappings: settings.mappings.length,
    });
  }

  /** The address to listen on: `wanted`, unless that can't be and there is one in use already. */
  async #chooseHost(wanted: string | undefined): Promise<string | undefined> {
    const old = this.#host;
    if (wanted === undefined || old === undefined || wanted === old) return wanted ?? old;
    const { engine } = this.#context;
    try {
      await engine.listen({ hostname: wanted, port: 0 }, (each) => each.close(), () => {}).close();
      return wanted;
    } catch (error) {
      this.#context.log.error("Cannot listen on a new address, the old one stays", {
        host: wanted,
        stays: old,
        error: error instanceof Error ? error.message : String(error),
      });
      return old;
    }
  }

  /** The mappings without those that lead back into this proxy. */
  #safeMappings({ conf, mappings }: Settings, bind: string): PortMapping[] {
    if (!isWildcard(bind) && this.#context.podHost !== bind) return [...mappings];
    return mappings.filter((mapping) => {
      const own = mapping.hostPort === conf.port ||
        conf.clusterPorts.some((range) => inRange(mapping.hostPort, range));
      if (own) {
        this.#context.log.warn("A mapping leads back to the proxy and is left out", {
          clusterPort: mapping.clusterPort,
          hostPort: mapping.hostPort,
        });
      }
      return !own;
    });
  }

  /** Looks the names in hosts.conf up, and says once which have no address. */
  async #resolve(): Promise<void> {
    const failed = (await this.#context.peers.refresh()).join(",");
    if (failed !== this.#unresolved && failed !== "") {
      this.#context.log.warn("Host names have no address", { names: failed });
    }
    this.#unresolved = failed;
  }
}

function isWildcard(hostname: string): boolean {
  return hostname === ANY || hostname === "::";
}

function lifetimesOf({ conf: { remember } }: Settings): Lifetimes {
  return {
    ok: remember.ok * 1000,
    refused: remember.refused * 1000,
    busy: remember.busy * 1000,
    silent: remember.silent * 1000,
  };
}
