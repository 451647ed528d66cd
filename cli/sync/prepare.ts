/** Looks at all hosts and plans what to do on each. Changes nothing. */
import { type Host, HostError } from "../../daemon/mod.ts";
import { UserError } from "../errors.ts";
import type { Cluster } from "../project/cluster.ts";
import type { HostDir } from "../project/host.ts";
import { judgeChain, type Verdict } from "./commit_chain.ts";
import { observeHost } from "./observe.ts";
import type { Operation } from "./operation.ts";
import { onHosts } from "./parallel.ts";
import {
  type ChangedConfig,
  changedConfigs,
  forgetContent,
  planHost,
  type ReleaseName,
} from "./plan.ts";
import type { ReadyProject } from "./preconditions.ts";
import type { DesiredHost, ObservedHost } from "./state.ts";
import { ProjectWorld, type SyncDeps, type SyncWorld } from "./world.ts";

/** A host that may be synced, and what is to be done there. */
export interface PreparedHost {
  readonly host: HostDir;
  readonly connection: Host;
  readonly desired: DesiredHost;
  readonly observed: ObservedHost;
  readonly verdict: Verdict;
  readonly operations: readonly Operation[];
  readonly changed: readonly ChangedConfig[];
}

/** A host that can't be synced. */
export interface RefusedHost {
  readonly host: HostDir;
  readonly error: unknown;
  /** Whether it just could not be reached. */
  readonly unreachable: boolean;
}

export interface Preparation {
  readonly prepared: readonly PreparedHost[];
  readonly refused: readonly RefusedHost[];
}

export interface PrepareOptions {
  /** Accept rollbacks and branched histories, with a warning. */
  readonly force: boolean;
  /** Delivers this release again, whatever the hosts have of it. */
  readonly overwrite?: ReleaseName | undefined;
  /** Hosts that are contacted at a time. */
  readonly parallel: number;
}

/** Observes, judges and plans every host that is not disabled, by name. */
export async function prepareHosts(
  deps: SyncDeps,
  cluster: Cluster,
  project: ReadyProject,
  options: PrepareOptions,
  world: SyncWorld = new ProjectWorld(cluster),
): Promise<Preparation> {
  const hosts = project.hosts.filter(({ state }) => state !== "disabled");
  const results = await onHosts(
    deps.progress,
    hosts,
    options.parallel,
    "looking",
    (host) => prepareHost(deps, world, cluster, project, host, options),
  );
  const prepared: PreparedHost[] = [];
  const refused: RefusedHost[] = [];
  results.forEach((result, index) => {
    if (result.status === "fulfilled") prepared.push(result.value);
    else {
      const error = result.reason;
      refused.push({ host: hosts[index]!, error, unreachable: isUnreachable(error) });
    }
  });
  return { prepared, refused };
}

/** Whether a host gave no answer, which says nothing against it. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof HostError && ["unreachable", "timeout"].includes(error.reason);
}

async function prepareHost(
  deps: SyncDeps,
  world: SyncWorld,
  cluster: Cluster,
  project: ReadyProject,
  host: HostDir,
  options: PrepareOptions,
): Promise<PreparedHost> {
  const connection = deps.connect(host);
  const desired = await world.desired(host, project);
  const observed = await observeHost(connection, host.env.hostHome, deps.signal);
  const { objection, ...decided } = decide(cluster, host, desired, observed, options);
  if (objection !== undefined) deps.log.warn(`${objection.message} Forced.`);
  return { host, connection, desired, observed, ...decided };
}

/** What is to be done on a host, and what was overruled by force. */
export interface Decision {
  readonly verdict: Verdict;
  readonly operations: readonly Operation[];
  readonly changed: readonly ChangedConfig[];
  readonly objection?: UserError;
}

/**
 * Judges and plans one host.
 *
 * @throws {UserError} when it belongs to another cluster, or breaks the commit rule and nobody forces it
 */
export function decide(
  cluster: Cluster,
  host: HostDir,
  desired: DesiredHost,
  observed: ObservedHost,
  { force, overwrite }: Pick<PrepareOptions, "force" | "overwrite">,
): Decision {
  if (observed.clusterId !== cluster.id) {
    throw new UserError(
      `Host "${host.name}" belongs to another cluster: its id is "${observed.clusterId}",` +
        ` this project's is "${cluster.id}"`,
      { hint: `check HOSTHOME and HOST in ${host.name}/host.env` },
    );
  }
  const verdict = judgeChain(desired.chain, observed.chain);
  const objection = objectionTo(verdict, host.name, desired.chain, observed.chain);
  if (objection !== undefined && !force) throw objection;
  const seen = overwrite === undefined ? observed : forgetContent(observed, overwrite);
  const operations = planHost(desired, seen);
  const changed = changedConfigs(desired, observed, operations);
  return { verdict, operations, changed, ...(objection === undefined ? {} : { objection }) };
}

function objectionTo(
  verdict: Verdict,
  host: string,
  local: readonly string[],
  remote: readonly string[],
): UserError | undefined {
  const short = (id: string | undefined) => (id ?? "").slice(0, 10);
  const there = short(remote.at(-1));
  const here = short(local.at(-1));
  if (verdict === "behind") {
    return new UserError(
      `Host "${host}" was synced with the commit ${there}, which is newer than HEAD (${here}):` +
        " syncing would roll it back.",
      { hint: "git pull, or add --force to roll back on purpose" },
    );
  }
  if (verdict === "branched") {
    return new UserError(
      `Host "${host}" was synced with the commit ${there}, which is not in the history of` +
        ` HEAD (${here}).`,
      { hint: "git pull and merge, or add --force to replace what is there" },
    );
  }
  return undefined;
}
