/** The reconciler's loop over one host home: look, decide, act, wait. */
import { messageOf } from "../files.ts";
import { ProblemLog } from "../log.ts";
import { RoutesFile } from "../proxy_conf.ts";
import { sleep } from "../sleep.ts";
import { DirectoryWatch } from "../watch.ts";
import { act, type ActDeps, takeAction } from "./act.ts";
import { decide } from "./decide.ts";
import { FileCache } from "./file_cache.ts";
import { areDown } from "./going_down.ts";
import { Inventory } from "./inventory.ts";
import { isSteady } from "./memory.ts";
import type { Command, Decision, Discard, Facts, Instant, Memory, Outcome } from "./model.ts";
import { News } from "./news.ts";
import type { Observed } from "./observe.ts";
import { type PodRecord, Records } from "./records.ts";
import { DRAIN_GRACE } from "./timing.ts";

export interface LoopOptions {
  /** Milliseconds between looks at everything, whatever the file events say. */
  readonly pollMs: number;
  /** Milliseconds between looks whether supervisors still exist. */
  readonly livenessMs: number;
  /** Commands under way at a time. */
  readonly parallel: number;
  /** Milliseconds from a mapping's removal to its pod's stop. */
  readonly drainGraceMs: number;
  /** Milliseconds between turns at most. */
  readonly turnMs: number;
}

export const DEFAULT_LOOP_OPTIONS: LoopOptions = {
  pollMs: 10_000,
  livenessMs: 2_000,
  parallel: 8,
  drainGraceMs: DRAIN_GRACE,
  turnMs: Infinity,
};

export interface LoopDeps extends Omit<ActDeps, "now"> {
  readonly now: () => Instant;
  readonly isAlive: (pid: number) => boolean;
  /** Told after every turn how things stand. Must not throw. */
  readonly onTurn?: (view: LoopView) => void;
}

/** How things stand after a turn. */
export interface LoopView {
  readonly observed: ReadonlyMap<string, Observed>;
  readonly memory: Memory;
  /** Instances that go on though they are to end, and the ones that are to be ready first. */
  readonly held: Decision["held"];
  /** What was done to each instance last. */
  readonly records: ReadonlyMap<string, PodRecord>;
  readonly now: Instant;
}

/** Milliseconds that the refreshed status of a steady pod may wait: many refresh theirs. */
const STATUS_MS = 1000;
/** Milliseconds between looks when there are no file events. */
const POLL_WITHOUT_EVENTS = 1000;
/** Milliseconds to wait after a turn that failed. */
const AFTER_FAILURE = 1000;

/** Keeps the pods of one host home as their pod.state files say. */
export class Loop {
  readonly #news: News;
  readonly #watch: DirectoryWatch;
  readonly #problems: ProblemLog;
  readonly #inventory: Inventory;
  readonly #routes: RoutesFile;
  readonly #jobs = new Map<string, Promise<void>>();
  readonly #records = new Records();
  #outcomes: Outcome[] = [];
  #memory: Memory = new Map();
  #held: Decision["held"] = new Map();
  #nextPoll = 0;
  #nextLiveness = 0;
  #goesDown = false;

  constructor(readonly home: string, readonly deps: LoopDeps, readonly options: LoopOptions) {
    this.#problems = new ProblemLog(deps.log);
    this.#news = new News(home, (id) => {
      const status = this.#inventory.observed.get(id)?.facts.status;
      return status?.word === "running" && status.ready && isSteady(this.#memory.get(id));
    });
    const cache = new FileCache(() => deps.now().wall);
    this.#inventory = new Inventory(home, { isAlive: deps.isAlive, cache }, this.#problems);
    this.#routes = new RoutesFile(home);
    this.#watch = new DirectoryWatch({
      onPaths: this.#news.addPaths,
      onLost: this.#news.addEverything,
      onFailure: (message) => this.#problems.report("watch", `No file events: ${message}`),
    });
  }

  /**
   * Works until `stop` aborts; commands may be under way then, see {@link finish}. A turn that fails
   * is logged and tried again.
   *
   * @param onReady told the number of pods after the first look
   */
  async work(stop: AbortSignal, onReady: (pods: number) => void = () => {}): Promise<void> {
    let ready = false;
    await this.#go(stop, () => {
      if (!ready) onReady(this.#inventory.observed.size);
      ready = true;
      return true;
    });
  }

  /**
   * Stops all pods, the proxy last, until `end` aborts; what their files ask for stays as it is. After
   * {@link work}.
   *
   * @returns the pods that did not end
   */
  async goDown(end: AbortSignal): Promise<string[]> {
    this.#goesDown = true;
    this.#news.addEverything();
    const isUp = (...facts: readonly Facts[]) => !areDown(facts, this.#memory);
    const all = () => [...this.#inventory.observed.values()].map(({ facts }) => facts);
    await this.#go(end, () => isUp(...all()));
    return all().filter((facts) => isUp(facts)).map(({ id }) => id);
  }

  /** Turns until `stop` aborts, or `goesOn` says no after one. */
  async #go(stop: AbortSignal, goesOn: () => boolean): Promise<void> {
    while (!stop.aborted) {
      let next = this.#mono() + AFTER_FAILURE;
      try {
        next = await this.#turn(stop);
        this.#problems.clear("turn");
        this.#tellTurn();
        if (!goesOn()) break;
        await this.#rest(Math.min(next, this.#mono() + this.options.turnMs), stop);
      } catch (error) {
        const message = `Cannot look after ${this.home}: ${messageOf(error)}`;
        this.#problems.report("turn", message, "ERROR");
        this.#news.addEverything();
        await sleep(AFTER_FAILURE, stop);
      }
    }
    await this.#watch.close();
  }

  /** Waits until there is something to decide, until `next` (mono) at most. */
  async #rest(next: number, stop: AbortSignal): Promise<void> {
    while (!stop.aborted && this.#mono() < next) {
      const until = Math.min(next, this.#nextLiveness, this.#mono() + STATUS_MS);
      await this.#news.wait(until - this.#mono(), stop);
      this.#lookForLosses();
      if (this.#news.any) return;
      if (this.#inventory.refreshStatuses(this.#news.takeStatuses()).length > 0) return;
    }
  }

  /** Supervisors that end leave no event. */
  #lookForLosses(): void {
    if (this.#mono() < this.#nextLiveness) return;
    for (const id of this.#inventory.bereft()) this.#news.addInstance(id);
    this.#nextLiveness = this.#mono() + this.options.livenessMs;
  }

  /** Waits for the commands that are under way. */
  async finish(): Promise<void> {
    await Promise.all(this.#jobs.values());
  }

  /** Looks, decides and acts once; gives the moment (mono) of the next turn. */
  async #turn(stop: AbortSignal): Promise<number> {
    this.#lookForLosses();
    if (this.#mono() >= this.#nextPoll) this.#news.addEverything();
    const news = this.#news.take();
    const outcomes = [...this.#outcomes];
    this.#inventory.refresh(news);
    // What happened in a directory before it was watched is not known: look once more.
    if (this.#watch.update(this.#inventory.directories)) this.#news.addEverything();
    if (this.#watch.works) this.#problems.clear("watch");
    if (news.everything) {
      this.#readRoutes();
      const pollMs = this.#watch.works ? this.options.pollMs : POLL_WITHOUT_EVENTS;
      this.#nextPoll = this.#mono() + pollMs;
    }

    const decision = this.#decide(outcomes);
    this.#memory = decision.memory;
    this.#outcomes = this.#outcomes.slice(outcomes.length);
    await this.#writeRoutes(decision);
    this.#tellHeld(decision);
    for (const discard of decision.discards) await this.#discard(discard);
    if (!stop.aborted) { for (const command of decision.commands) this.#start(command); }
    return Math.min(decision.wakeAt ?? Infinity, this.#nextPoll);
  }

  #decide(outcomes: readonly Outcome[]): Decision {
    const { observed, hostInterface } = this.#inventory;
    const all = [...observed.values()];
    const world = {
      instances: all.map(({ facts }) => facts),
      outcomes,
      goesDown: this.#goesDown,
      ...(hostInterface === undefined ? {} : { hostInterface }),
    };
    return decide(world, this.#memory, this.deps.now(), {
      limit: this.options.parallel,
      drainGrace: this.options.drainGraceMs,
    });
  }

  #tellHeld({ held }: Decision): void {
    for (const id of this.#held.keys()) if (!held.has(id)) this.#problems.clear(`held ${id}`);
    for (const [id, first] of held) {
      this.#problems.report(`held ${id}`, `Pod ${id} goes on until ${first} is ready`, "INFO");
    }
    this.#held = held;
  }

  /** What cannot be read holds nobody up: it is written anew. */
  #readRoutes(): void {
    try {
      this.#routes.read();
      this.#problems.clear("read routes");
    } catch (error) {
      this.#problems.report("read routes", messageOf(error));
    }
  }

  async #writeRoutes({ routed }: Decision): Promise<void> {
    const { observed } = this.#inventory;
    try {
      const mappings = [...routed].flatMap((id) => observed.get(id)?.mappings ?? []);
      if (await this.#routes.write(mappings)) {
        this.deps.log("INFO", `Traffic goes to: ${[...routed].toSorted().join(" ") || "no pod"}`);
      }
      this.#problems.clear("routes");
    } catch (error) {
      this.#problems.report("routes", messageOf(error), "ERROR");
    }
  }

  async #discard({ id, why }: Discard): Promise<void> {
    const instance = this.#inventory.observed.get(id)!.instance;
    try {
      if (await takeAction(instance) !== undefined) {
        this.deps.log("WARN", `Pod ${id}: pod.action is ignored, as ${why}`);
      }
      this.#news.addInstance(id);
      this.#problems.clear(`discard ${id}`);
    } catch (error) {
      this.#problems.report(`discard ${id}`, messageOf(error), "ERROR");
    }
  }

  #start(command: Command): void {
    const { id } = command;
    const { instance } = this.#inventory.observed.get(id)!;
    const deps = { ...this.deps, now: () => this.#mono() };
    this.#records.begin(command, this.deps.now().wall);
    const job = act(instance, command, deps).then((result) => {
      this.#records.end(id, result, this.deps.now().wall);
      this.#outcomes.push({ id, ok: result.ok });
      this.#jobs.delete(id);
      this.#news.addInstance(id);
    });
    this.#jobs.set(id, job);
  }

  #tellTurn(): void {
    const { observed } = this.#inventory;
    this.#records.keep(observed);
    this.deps.onTurn?.({
      observed,
      memory: this.#memory,
      held: this.#held,
      records: this.#records.all,
      now: this.deps.now(),
    });
  }

  #mono(): number {
    return this.deps.now().mono;
  }
}
