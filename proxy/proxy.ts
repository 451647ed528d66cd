/** One proxy: starts, follows its files, drains, stops. Connections are the matter of its data plane. */
import { mergeSnapshots, type MetricsSnapshot } from "./admin/snapshot.ts";
import { type OpenFiles, readOpenFiles, warnOfOpenFiles } from "./admin/open_files.ts";
import type { SocketDirectories } from "./admin/socket_path.ts";
import { type Known, type ProxyStatus, snapshotOf, statusOf } from "./admin/status.ts";
import { ConfFiles, type Settings, watch } from "./conf_files.ts";
import { DenoEngine } from "./deno_engine.ts";
import { GiveOver } from "./give_over.ts";
import type { Resolve } from "./host_names.ts";
import { LocalPlane } from "./local_plane.ts";
import { warnOfLocalPorts } from "./local_ports.ts";
import { type Log, OFTEN_MS } from "./log.ts";
import { makePlan } from "./make_plan.ts";
import { MappingCounts } from "./mapping_counts.ts";
import { OwnAddress } from "./own_address.ts";
import { Predecessors } from "./predecessors.ts";
import { Questions } from "./questions.ts";
import { Successor } from "./successor.ts";
import type { Inheritance } from "./takeover.ts";
import type { DataPlane, Plan, PlaneStatus } from "./plan.ts";
import { RestartNotice } from "./workers/wanted_engine.ts";

export interface ProxyOptions {
  /** Absolute path of proxy.conf. */
  readonly confFile: string;
  readonly log: Log;
  /** Makes what serves connections; by default a {@link LocalPlane} on the sockets of Deno in this thread. */
  readonly makePlane?: (first: Plan, log: Log) => DataPlane | Promise<DataPlane>;
  /** Looks host names up; the system by default. */
  readonly resolve?: Resolve;
  /** Where the socket lies unless SOCKET says so; those of the user by default. */
  readonly directories?: SocketDirectories;
  /** The process that this one takes over from. */
  readonly before?: Inheritance | undefined;
  /** Hears that another process serves from now on, so that this one is to drain. */
  readonly onSucceeded?: () => void;
  /** How often the files are looked at without an event, in milliseconds; 2000 by default. */
  readonly pollMs?: number;
}

/** How often host names are looked up again, in milliseconds. */
const RESOLVE_MS = 60_000;

/** A running proxy. */
export class Proxy {
  readonly #log: Log;
  readonly #address: OwnAddress;
  readonly #counts = new MappingCounts();
  readonly #giveOver: GiveOver;
  readonly #successor: Successor;
  readonly #predecessors: Predecessors;
  readonly #pollMs: number;
  readonly #makePlane: NonNullable<ProxyOptions["makePlane"]>;
  #plane!: DataPlane;
  #plan!: Plan;
  #settings: Settings;
  #unwatch = () => {};
  #resolveTimer: ReturnType<typeof setInterval> | undefined;
  #sweepTimer: ReturnType<typeof setInterval> | undefined;
  /** One change at a time; later ones wait for it. */
  #changing: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #questions: Questions;
  readonly #since = new Date();
  #reloads = 0;
  #lastReload = this.#since;
  #openFiles: OpenFiles | undefined;
  #judgedListeners = 0;
  readonly #restart: RestartNotice;

  private constructor(
    options: ProxyOptions,
    private readonly files: ConfFiles,
    settings: Settings,
  ) {
    this.#log = options.log;
    this.#address = new OwnAddress(options.resolve, options.log);
    this.#pollMs = options.pollMs ?? 2000;
    this.#makePlane = options.makePlane ??
      ((first, log) => new LocalPlane(new DenoEngine(), log, first));
    this.#settings = settings;
    this.#restart = new RestartNotice(settings.conf, options.log);
    this.#predecessors = new Predecessors(options.before, this.#counts, options.log);
    this.#successor = new Successor({
      served: () => ({ plane: this.#plane, plan: this.#plan }),
      counts: this.#counts,
      predecessors: this.#predecessors,
      log: options.log,
    });
    this.#giveOver = new GiveOver({
      confFile: options.confFile,
      log: options.log,
      replaced: options.before?.confFile,
      give: (path, timeoutMs) => this.#successor.give(path, timeoutMs),
      onSucceeded: options.onSucceeded ?? (() => {}),
    });
    this.#questions = new Questions({
      answers: {
        status: () => this.describe(),
        metrics: () => this.metrics(),
        giveTo: (applicant) => this.#giveOver.giveTo(applicant, this.#questions.socket),
      },
      log: options.log,
      replaces: options.before !== undefined,
      directories: options.directories,
    });
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
    proxy.#openFiles = await readOpenFiles();
    try {
      // A change of the files waits for the start: there is no data plane to give it to yet.
      const applied = proxy.#apply(settings);
      proxy.#changing = applied.catch(() => {});
      await applied;
    } catch (error) {
      await proxy.#close();
      await proxy.#questions.close();
      throw error;
    }
    try {
      await proxy.#predecessors.confirm();
    } catch (error) {
      await proxy.drain();
      throw error;
    }
    proxy.#resolveTimer = setInterval(() => proxy.#change(() => proxy.#lookUp()), RESOLVE_MS);
    proxy.#sweepTimer = setInterval(() => options.log.sweep(), OFTEN_MS);
    return proxy;
  }

  /** Open listeners and the connections being served. */
  async status(): Promise<PlaneStatus> {
    return await this.#plane.status();
  }

  /** All that there is to tell about it. */
  async describe(): Promise<ProxyStatus> {
    return statusOf(this.#known(), await this.#plane.status(), Deno.pid);
  }

  /** What all threads counted since the start. */
  async metrics(): Promise<MetricsSnapshot> {
    const [status, metrics] = await Promise.all([this.#plane.status(), this.#plane.metrics()]);
    return mergeSnapshots([metrics, snapshotOf(this.#known(), status)]);
  }

  /** Reads the files again, and takes over what changed. No connection is dropped. */
  reload(): Promise<void> {
    return this.#change(async () => {
      const settings = await this.files.read();
      if (settings === this.#settings || this.#closed) return;
      await this.#apply(settings);
      this.#reloads++;
    });
  }

  /** Accepts nothing more, and ends once all connections have, or after `limitMs` (by default DRAINSECONDS). */
  async drain(limitMs = this.#settings.conf.drainSeconds * 1000): Promise<void> {
    await this.#giveOver.end();
    await this.#close();
    // The next process is the one to be asked.
    if (this.#giveOver.isSucceeded) await this.#questions.close();
    await this.#plane.drain(limitMs);
    this.#predecessors.leave();
    this.#successor.end();
    await this.#questions.close();
  }

  /** Ends everything at once. */
  async stop(): Promise<void> {
    await this.#close();
    await this.#plane.stop();
    this.#predecessors.leave();
    this.#successor.end();
    await this.#questions.close();
  }

  async #close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#resolveTimer);
    clearInterval(this.#sweepTimer);
    await this.#changing;
    this.#unwatch();
  }

  #change(work: () => Promise<void>): Promise<void> {
    if (!this.#closed) {
      this.#changing = this.#changing.then(work).catch((error) =>
        this.#log.error("Cannot reload", { error: String(error) })
      );
    }
    return this.#changing;
  }

  async #apply(settings: Settings): Promise<void> {
    const { conf, hosts } = settings;
    this.#settings = settings;
    await this.#address.resolve(settings);
    this.#address.choose(settings);
    this.#unwatch();
    this.#unwatch = watch(
      this.files.directories(),
      this.#pollMs,
      () => this.reload(),
      this.#log,
    );
    await this.#serve();
    this.#lastReload = new Date();
    const { listeners, wanted } = await this.#plane.status();
    if (wanted !== this.#judgedListeners) {
      warnOfOpenFiles(this.#openFiles, wanted, this.#log);
      warnOfLocalPorts(conf, this.#log);
    }
    this.#judgedListeners = wanted;
    this.#restart.judge(conf);
    await this.#questions.follow(settings);
    this.#log.info("Settings are in force", {
      host: this.#plan.bind,
      port: conf.port,
      listeners,
      hosts: hosts.length,
      mappings: settings.mappings.length,
    });
  }

  /** Makes a plan from what is known now, and has it served. */
  async #serve(): Promise<void> {
    const { plan, loops } = makePlan(this.#settings, this.#address.known);
    for (const { clusterPort, hostPort } of loops) {
      this.#log.warn("A mapping leads back to the proxy and is left out", {
        clusterPort,
        hostPort,
      });
    }
    const { cells } = this.#counts;
    this.#plan = { ...plan, mappings: this.#counts.assign(plan.mappings), cells };
    this.#plane ??= await this.#makePlane(this.#plan, this.#log);
    await this.#plane.apply(this.#successor.limit(this.#plan));
  }

  #known(): Known {
    return {
      settings: this.#settings,
      plan: this.#plan,
      since: this.#since,
      draining: this.#closed,
      confFile: this.#giveOver.options.confFile,
      successor: this.#giveOver.successor,
      reloads: this.#reloads,
      lastReload: this.#lastReload,
      problems: this.files.problems,
      openFiles: this.#openFiles,
      waitsForRestart: this.#restart.waits,
    };
  }

  /** Looks names up again; a new address is in force at once. */
  async #lookUp(): Promise<void> {
    if (await this.#address.resolve(this.#settings) && !this.#closed) await this.#serve();
  }
}
