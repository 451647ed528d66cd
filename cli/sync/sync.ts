/** Sync: look at the hosts, plan, lock, apply, unlock. */
import { hostname } from "node:os";
import { describeError } from "../errors.ts";
import type { Cluster } from "../project/cluster.ts";
import { formatLogLine, unixSeconds, userName } from "../project/log.ts";
import { shown } from "../ui/progress.ts";
import type { HostOutcome } from "../ui/summary.ts";
import { applyPlan } from "./apply.ts";
import { type HeldLock, keepAlive, lockAndObserve, newToken, releaseLock } from "./lock.ts";
import { describeOperation } from "./operation.ts";
import { mapParallel } from "./parallel.ts";
import { describeChanged } from "./plan.ts";
import type { ReadyProject } from "./preconditions.ts";
import {
  decide,
  isUnreachable,
  type Preparation,
  type PreparedHost,
  prepareHosts,
  type PrepareOptions,
} from "./prepare.ts";
import { ProjectWorld, type SyncDeps, type SyncWorld } from "./world.ts";

export interface SyncOptions extends PrepareOptions {
  /** Sync the others when a host can't be reached. */
  readonly skipUnreachable: boolean;
}

/** A locked host with the plan for it. */
interface LockedHost {
  readonly prepared: PreparedHost;
  readonly lock: HeldLock;
  readonly stopHeartbeat: () => Promise<void>;
}

/** Brings all hosts to what the project says; an outcome per host, by name. */
export async function syncCluster(
  deps: SyncDeps,
  cluster: Cluster,
  project: ReadyProject,
  options: SyncOptions,
  world: SyncWorld = new ProjectWorld(cluster),
): Promise<HostOutcome[]> {
  const preparation = await prepareHosts(deps, cluster, project, options, world);
  const blocked = preparation.refused.some(({ unreachable }) =>
    !unreachable || !options.skipUnreachable
  );
  if (blocked) return outcomesOfRefusal(preparation);
  for (const { host, changed } of preparation.prepared) {
    for (const config of changed) deps.log.warn(`${host.name}: ${describeChanged(config)}`);
  }
  const due = preparation.prepared.filter(({ operations }) => operations.length > 0);
  const run = new SyncRun(deps, world, cluster, project, options);
  const outcomes = due.length === 0 ? [] : await run.perform(due);
  const rest = preparation.prepared.filter(({ operations }) => operations.length === 0)
    .map(({ host }) => outcomeOf(host.name, 0));
  const skipped = preparation.refused.map(({ host, error }): HostOutcome => ({
    host: host.name,
    result: "skipped",
    text: describeError(error).join("\n"),
  }));
  return [...outcomes, ...rest, ...skipped].sort((a, b) => a.host < b.host ? -1 : 1);
}

/** No host is touched when one of them can't be synced. */
function outcomesOfRefusal({ prepared, refused }: Preparation): HostOutcome[] {
  return [
    ...refused.map(({ host, error }): HostOutcome => ({
      host: host.name,
      result: "failed",
      text: describeError(error).join("\n"),
    })),
    ...prepared.map(({ host }) => leftAlone(host.name)),
  ].sort((a, b) => a.host < b.host ? -1 : 1);
}

function leftAlone(host: string): HostOutcome {
  return { host, result: "skipped", text: "left as it is, because of the others" };
}

/** What became of a host on which so many changes were made. */
function outcomeOf(host: string, changes: number): HostOutcome {
  if (changes === 0) return { host, result: "unchanged", text: "up to date" };
  return { host, result: "done", text: changes === 1 ? "1 change" : `${changes} changes` };
}

/** One run: its token, its log lines and the messages per host. */
class SyncRun {
  readonly #token: string;
  /** Its log: a file of its own, so that two operators never write to the same one. */
  readonly #file: string;
  readonly #messages = new Map<string, string[]>();

  constructor(
    readonly deps: SyncDeps,
    readonly world: SyncWorld,
    readonly cluster: Cluster,
    readonly project: ReadyProject,
    readonly options: SyncOptions,
  ) {
    this.#token = newToken(deps.random);
    this.#file = `${unixSeconds(deps.now())}.${this.#token}.sync.log.txt`;
  }

  /** Locks the hosts, applies their plans and unlocks them, whatever happens between. */
  async perform(due: readonly PreparedHost[]): Promise<HostOutcome[]> {
    const locked: LockedHost[] = [];
    try {
      const { failed, skipped } = await this.#lockAll(due, locked);
      if (failed.length > 0) return [...failed, ...skipped];
      const names = locked.map(({ prepared }) => prepared.host.name).join(",");
      await this.#note(`SYNC_LOCK_ACQUIRED token:${this.#token} hosts:${names}`);
      return [...await this.#applyAll(locked), ...skipped];
    } finally {
      await this.#finish(due, locked);
    }
  }

  /**
   * Takes the first lock alone and the others at once: of two runs on the same hosts one gets the
   * first and goes on, instead of each blocking the other.
   */
  async #lockAll(
    due: readonly PreparedHost[],
    locked: LockedHost[],
  ): Promise<{ failed: HostOutcome[]; skipped: HostOutcome[] }> {
    const waiting = [...due];
    const failed: HostOutcome[] = [];
    const skipped: HostOutcome[] = [];
    while (waiting.length > 0 && failed.length === 0) {
      const group = waiting.splice(0, locked.length === 0 ? 1 : Infinity);
      const results = await this.#onHosts(group, "locking", (one) => this.#lock(one));
      locked.push(...results.flatMap((each) => each.status === "fulfilled" ? [each.value] : []));
      for (const [index, result] of results.entries()) {
        if (result.status === "fulfilled") continue;
        const { name } = group[index]!.host;
        const text = describeError(result.reason).join("\n");
        await this.#note(`SYNC_LOCK_ACQUIRE_ERROR token:${this.#token} host:${name}`);
        if (this.options.skipUnreachable && isUnreachable(result.reason)) {
          skipped.push({ host: name, result: "skipped", text });
        } else failed.push({ host: name, result: "failed", text });
      }
    }
    if (failed.length > 0) {
      const left = [...locked.map(({ prepared }) => prepared), ...waiting];
      skipped.push(...left.map(({ host }) => leftAlone(host.name)));
    }
    return { failed, skipped };
  }

  /** Locks a host, and plans again: what was seen before may have been another sync's work half done. */
  async #lock(prepared: PreparedHost): Promise<LockedHost> {
    const { deps, cluster, options } = this;
    const { connection, host, desired } = prepared;
    const owner = { token: this.#token, user: userName(deps.env), machine: hostname() };
    const { lock, observed } = await lockAndObserve(
      connection,
      host.env.hostHome,
      owner,
      prepared.observed.fence,
      deps.signal,
    );
    const stopHeartbeat = keepAlive(lock, this.world.pause);
    try {
      const { objection: _, ...decided } = decide(cluster, host, desired, observed, options);
      return { prepared: { ...prepared, observed, ...decided }, lock, stopHeartbeat };
    } catch (error) {
      await this.#unlock({ prepared, lock, stopHeartbeat });
      throw error;
    }
  }

  async #applyAll(locked: readonly LockedHost[]): Promise<HostOutcome[]> {
    const results = await this.#onHosts(locked, "delivering", (one) => this.#apply(one));
    const outcomes: HostOutcome[] = [];
    for (const [index, result] of results.entries()) {
      const { host, operations } = locked[index]!.prepared;
      if (result.status === "fulfilled") {
        outcomes.push(outcomeOf(host.name, operations.length));
        continue;
      }
      const text = describeError(result.reason).join("\n");
      this.#say(host.name, `[ERROR] ${text}`);
      await this.#note(`SYNC_ABORTED_ON_ERROR token:${this.#token} host:${host.name}`);
      outcomes.push({ host: host.name, result: "failed", text });
    }
    if (this.deps.signal.aborted) await this.#note(`SYNC_ABORTED_BY_USER token:${this.#token}`);
    if (outcomes.every(({ result }) => result !== "failed")) {
      await this.#note(`SYNC_DONE token:${this.#token}`);
    }
    return outcomes;
  }

  async #apply({ prepared, lock }: LockedHost): Promise<void> {
    const { host, desired, operations } = prepared;
    for (const operation of operations) this.#say(host.name, describeOperation(operation));
    if (operations.length > 0) {
      await applyPlan(this.world, lock, host, desired, operations, this.deps.signal);
    }
    this.#say(host.name, "[OK] done");
  }

  /** Unlocks and writes the sync log. What fails here is only warned about: the run's outcome counts. */
  async #finish(due: readonly PreparedHost[], locked: readonly LockedHost[]): Promise<void> {
    if (locked.length === 0) return;
    const results = await this.#onHosts(locked, "unlocking", (one) => this.#unlock(one));
    const failed = results.some((each) => each.status === "rejected" || !each.value);
    const word = failed ? "SYNC_LOCK_RELEASE_ERROR" : "SYNC_LOCK_RELEASED";
    try {
      await this.#note(`${word} token:${this.#token}`);
      await this.#writeSyncLog(due);
    } catch (error) {
      this.deps.log.warn(describeError(error).join("\n"));
    }
  }

  /** Works on several hosts at a time, and shows it. */
  #onHosts<T extends PreparedHost | LockedHost, R>(
    hosts: readonly T[],
    doing: string,
    work: (host: T) => Promise<R>,
  ): Promise<PromiseSettledResult<R>[]> {
    const nameOf = (one: PreparedHost | LockedHost) =>
      ("prepared" in one ? one.prepared : one).host.name;
    const { deps, options } = this;
    return mapParallel(hosts, options.parallel, shown(deps.progress, nameOf, doing, work));
  }

  async #unlock({ prepared, lock, stopHeartbeat }: LockedHost): Promise<boolean> {
    await stopHeartbeat();
    try {
      await releaseLock(lock);
      return true;
    } catch (error) {
      this.deps.log.warn(describeError(error).join("\n"));
      this.#say(prepared.host.name, `[WARN] ${describeError(error).join(" ")}`);
      return false;
    }
  }

  #say(host: string, message: string): void {
    const messages = this.#messages.get(host) ?? [];
    messages.push(message);
    this.#messages.set(host, messages);
    if (!message.startsWith("[")) this.deps.log.info(`${host}: ${message}`);
  }

  async #writeSyncLog(due: readonly PreparedHost[]): Promise<void> {
    const blocks = due.map(({ host }) =>
      [`[SYNC]  Host: ${host.name}`, ...(this.#messages.get(host.name) ?? []), "", ""].join("\n")
    );
    await this.world.note(this.#file, blocks.join(""));
  }

  /** A line that says what the run as a whole has come to. */
  #note(action: string): Promise<void> {
    const stamp = { now: this.deps.now(), user: userName(this.deps.env) };
    return this.world.note(this.#file, formatLogLine(action, stamp));
  }
}
