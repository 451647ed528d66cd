/** Sync: look at the hosts, plan, lock, apply, unlock. */
import { join } from "node:path";
import { hostname } from "node:os";
import type { Deps } from "../deps.ts";
import { describeError } from "../errors.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { appendLog, unixSeconds, userName } from "../project/log.ts";
import type { HostOutcome } from "../ui/summary.ts";
import { applyPlan } from "./apply.ts";
import { acquireLock, type HeldLock, newToken, releaseLock, withHeartbeat } from "./lock.ts";
import { describeOperation } from "./operation.ts";
import { mapParallel } from "./parallel.ts";
import type { ReadyProject } from "./preconditions.ts";
import {
  type Preparation,
  type PreparedHost,
  prepareHost,
  prepareHosts,
  type PrepareOptions,
} from "./prepare.ts";

export interface SyncOptions extends PrepareOptions {
  /** Sync the others when a host can't be reached. */
  readonly skipUnreachable: boolean;
}

/** A locked host with the plan for it. */
interface LockedHost {
  readonly prepared: PreparedHost;
  readonly lock: HeldLock;
}

/** Brings all hosts to what the project says; an outcome per host, by name. */
export async function syncCluster(
  deps: Deps,
  cluster: Cluster,
  project: ReadyProject,
  options: SyncOptions,
): Promise<HostOutcome[]> {
  const preparation = await prepareHosts(deps, cluster, project, options);
  const blocked = preparation.refused.some(({ unreachable }) =>
    !unreachable || !options.skipUnreachable
  );
  if (blocked) return outcomesOfRefusal(preparation);
  const due = preparation.prepared.filter(({ operations }) => operations.length > 0);
  const run = new SyncRun(deps, cluster, project, options);
  const outcomes = due.length === 0 ? [] : await run.perform(due);
  const rest = preparation.prepared.filter(({ operations }) => operations.length === 0)
    .map(({ host }): HostOutcome => ({ host: host.name, result: "unchanged", text: "up to date" }));
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
    ...prepared.map(({ host }): HostOutcome => ({
      host: host.name,
      result: "skipped",
      text: "left as it is, because of the others",
    })),
  ].sort((a, b) => a.host < b.host ? -1 : 1);
}

/** One run: its token, its log lines and the messages per host. */
class SyncRun {
  readonly #token: string;
  readonly #messages = new Map<string, string[]>();

  constructor(
    readonly deps: Deps,
    readonly cluster: Cluster,
    readonly project: ReadyProject,
    readonly options: SyncOptions,
  ) {
    this.#token = newToken(deps.random);
  }

  /** Locks the hosts, applies their plans and unlocks them, whatever happens between. */
  async perform(due: readonly PreparedHost[]): Promise<HostOutcome[]> {
    const locked: LockedHost[] = [];
    try {
      const failures = await this.#lockAll(due, locked);
      if (failures.length > 0) return failures;
      const names = locked.map(({ prepared }) => prepared.host.name).join(",");
      await this.#log(`SYNC_LOCK_ACQUIRED token:${this.#token} hosts:${names}`);
      return await this.#applyAll(locked);
    } finally {
      await this.#unlockAll(locked);
      if (locked.length > 0) await this.#writeSyncLog(due);
    }
  }

  /**
   * Takes the first lock alone and the others at once: of two runs on the same hosts one gets the
   * first and goes on, instead of each blocking the other.
   */
  async #lockAll(due: readonly PreparedHost[], locked: LockedHost[]): Promise<HostOutcome[]> {
    const failures: HostOutcome[] = [];
    for (const group of [due.slice(0, 1), due.slice(1)]) {
      const results = await mapParallel(group, this.options.parallel, (one) => this.#lock(one));
      for (const [index, result] of results.entries()) {
        if (result.status === "fulfilled") {
          locked.push(result.value);
          continue;
        }
        const { name } = group[index]!.host;
        await this.#log(`SYNC_LOCK_ACQUIRE_ERROR token:${this.#token} host:${name}`);
        failures.push({
          host: name,
          result: "failed",
          text: describeError(result.reason).join("\n"),
        });
      }
      if (failures.length > 0) break;
    }
    const failed = new Set(failures.map(({ host }) => host));
    const others = failures.length === 0 ? [] : due.filter(({ host }) => !failed.has(host.name));
    return [
      ...failures,
      ...others.map(({ host }): HostOutcome => ({
        host: host.name,
        result: "skipped",
        text: "left as it is, because of the others",
      })),
    ];
  }

  /** Locks a host, and plans again when someone else held its lock since it was observed. */
  async #lock(prepared: PreparedHost): Promise<LockedHost> {
    const { deps, cluster, project, options } = this;
    const { connection, host, observed } = prepared;
    const owner = { token: this.#token, user: userName(deps.env), machine: hostname() };
    const home = host.env.hostHome;
    const lock = await acquireLock(connection, home, owner, observed.fence, deps.signal);
    if (lock.fence === observed.fence + 1) return { prepared, lock };
    try {
      return { prepared: await prepareHost(deps, cluster, project, host, options), lock };
    } catch (error) {
      await this.#unlock({ prepared, lock });
      throw error;
    }
  }

  async #applyAll(locked: readonly LockedHost[]): Promise<HostOutcome[]> {
    const results = await mapParallel(locked, this.options.parallel, (one) => this.#apply(one));
    const outcomes: HostOutcome[] = [];
    for (const [index, result] of results.entries()) {
      const { host, operations } = locked[index]!.prepared;
      if (result.status === "fulfilled") {
        const count = operations.length === 1 ? "1 change" : `${operations.length} changes`;
        outcomes.push({ host: host.name, result: "done", text: count });
        continue;
      }
      const text = describeError(result.reason).join("\n");
      this.#say(host.name, `[ERROR] ${text}`);
      await this.#log(`SYNC_ABORTED_ON_ERROR token:${this.#token} host:${host.name}`);
      outcomes.push({ host: host.name, result: "failed", text });
    }
    if (this.deps.signal.aborted) await this.#log(`SYNC_ABORTED_BY_USER token:${this.#token}`);
    const done = outcomes.every(({ result }) => result === "done");
    if (done) await this.#log(`SYNC_DONE token:${this.#token}`);
    return outcomes;
  }

  async #apply({ prepared, lock }: LockedHost): Promise<void> {
    const { host, desired, operations } = prepared;
    for (const operation of operations) this.#say(host.name, describeOperation(operation));
    await withHeartbeat(
      lock,
      () => applyPlan(lock, host, desired, operations, this.deps.signal),
    );
    this.#say(host.name, "[OK] done");
  }

  /** A lock that can't be given back is only warned about: the run's own outcome counts more. */
  async #unlockAll(locked: readonly LockedHost[]): Promise<void> {
    if (locked.length === 0) return;
    const results = await mapParallel(locked, this.options.parallel, (one) => this.#unlock(one));
    const failed = results.some((each) => each.status === "rejected" || !each.value);
    const word = failed ? "SYNC_LOCK_RELEASE_ERROR" : "SYNC_LOCK_RELEASED";
    await this.#log(`${word} token:${this.#token}`);
  }

  async #unlock({ prepared, lock }: LockedHost): Promise<boolean> {
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

  async #log(action: string): Promise<void> {
    const { deps, cluster } = this;
    const stamp = { now: deps.now(), user: userName(deps.env) };
    await appendLog(join(cluster.root, PROJECT_FILES.log), action, stamp);
  }

  async #writeSyncLog(due: readonly PreparedHost[]): Promise<void> {
    const dir = join(this.cluster.root, PROJECT_FILES.syncLogs);
    await Deno.mkdir(dir, { recursive: true });
    const blocks = due.map(({ host }) =>
      [`[SYNC]  Host: ${host.name}`, ...(this.#messages.get(host.name) ?? []), "", ""].join("\n")
    );
    const name = `${unixSeconds(this.deps.now())}.${this.#token}.sync.log.txt`;
    await Deno.writeTextFile(join(dir, name), blocks.join(""));
  }
}
