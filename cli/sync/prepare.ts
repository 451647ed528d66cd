/** Looks at all hosts and plans what to do on each. Changes nothing. */
import { type Host, HostError } from "../../daemon/mod.ts";
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import type { Cluster } from "../project/cluster.ts";
import type { HostDir } from "../project/host.ts";
import { judgeChain, type Verdict } from "./commit_chain.ts";
import { desiredHost } from "./desired.ts";
import { observeHost } from "./observe.ts";
import type { Operation } from "./operation.ts";
import { mapParallel } from "./parallel.ts";
import { planHost } from "./plan.ts";
import type { ReadyProject } from "./preconditions.ts";
import type { DesiredHost, ObservedHost } from "./state.ts";

/** A host that may be synced, and what is to be done there. */
export interface PreparedHost {
  readonly host: HostDir;
  readonly connection: Host;
  readonly desired: DesiredHost;
  readonly observed: ObservedHost;
  readonly verdict: Verdict;
  readonly operations: readonly Operation[];
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
  /** Hosts that are contacted at a time. */
  readonly parallel: number;
}

/** Observes, judges and plans every host that is not disabled, by name. */
export async function prepareHosts(
  deps: Deps,
  cluster: Cluster,
  project: ReadyProject,
  options: PrepareOptions,
): Promise<Preparation> {
  const hosts = project.hosts.filter(({ state }) => state !== "disabled");
  const results = await mapParallel(
    hosts,
    options.parallel,
    (host) => prepareHost(deps, cluster, project, host, options),
  );
  const prepared: PreparedHost[] = [];
  const refused: RefusedHost[] = [];
  results.forEach((result, index) => {
    if (result.status === "fulfilled") prepared.push(result.value);
    else refused.push({ host: hosts[index]!, ...failure(result.reason) });
  });
  return { prepared, refused };
}

function failure(error: unknown): { error: unknown; unreachable: boolean } {
  const reason = error instanceof HostError ? error.reason : undefined;
  return { error, unreachable: reason === "unreachable" || reason === "timeout" };
}

/**
 * Observes, judges and plans one host.
 *
 * @throws {UserError} when it belongs to another cluster or breaks the commit rule
 */
export async function prepareHost(
  deps: Deps,
  cluster: Cluster,
  project: ReadyProject,
  host: HostDir,
  options: PrepareOptions,
): Promise<PreparedHost> {
  const connection = deps.connect(host);
  const desired = await desiredHost(cluster, host, project.hosts, project.chain);
  const observed = await observeHost(connection, host.env.hostHome, deps.signal);
  if (observed.clusterId !== cluster.id) {
    throw new UserError(
      `Host "${host.name}" belongs to another cluster: its id is "${observed.clusterId}",` +
        ` this project's is "${cluster.id}"`,
      { hint: `check HOSTHOME and HOST in ${host.name}/host.env` },
    );
  }
  const verdict = judgeChain(project.chain, observed.chain);
  const objection = objectionTo(verdict, host.name, project.chain, observed.chain);
  if (objection !== undefined && !options.force) throw objection;
  if (objection !== undefined) deps.log.warn(`${objection.message} Forced.`);
  return {
    host,
    connection,
    desired,
    observed,
    verdict,
    operations: planHost(desired, observed),
  };
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
