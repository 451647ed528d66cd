/** What must hold in the project before any host is contacted. */
import { UserError } from "../errors.ts";
import type { Cluster } from "../project/cluster.ts";
import { changedPaths, history, isInRepository, refuseShallow } from "../project/git.ts";
import { allHosts, type HostDir } from "../project/host.ts";
import { refuseHostConflicts } from "../project/host_conflicts.ts";
import { findPortClashes } from "../project/ports.ts";
import { allReleasePorts } from "../project/release_ports.ts";

/** A project that may be synced. */
export interface ReadyProject {
  readonly hosts: readonly HostDir[];
  /** Full ids of HEAD's history, HEAD last. */
  readonly chain: readonly string[];
}

const SHOWN_PATHS = 10;

/**
 * Checks the project: no clashing ports, hosts that don't get in each other's way, everything committed.
 *
 * @throws {UserError} saying what to put right
 */
export async function checkProject(cluster: Cluster): Promise<ReadyProject> {
  const hosts = await allHosts(cluster);
  const clashes = findPortClashes(await allReleasePorts(hosts));
  if (clashes.length > 0) {
    throw new UserError(`Cannot sync: ports clash\n${clashes.join("\n")}`, {
      hint: "set one of the releases to removed: sns pod state <pod:version@host> -s removed",
    });
  }
  if (hosts.every(({ state }) => state === "disabled")) {
    throw new UserError("Cannot sync: the project has no active or inactive host", {
      hint: "sns host register <host> -a <address>",
    });
  }
  await refuseHostConflicts(cluster, hosts, "sync");
  if (!await isInRepository(cluster.root)) {
    throw new UserError(`Cannot sync: ${cluster.root} is no git repository`, {
      hint: 'restore its .git, or: git init && git add . && git commit -m "first"',
    });
  }
  await refuseShallow(cluster.root);
  const dirty = (await changedPaths(cluster.root)).filter((path) => !isOwnLog(path));
  if (dirty.length > 0) {
    const more = dirty.length > SHOWN_PATHS ? [`and ${dirty.length - SHOWN_PATHS} more`] : [];
    const shown = [...dirty.slice(0, SHOWN_PATHS), ...more].join("\n");
    throw new UserError(`Cannot sync: these files are not committed\n${shown}`, {
      hint: 'git add . && git commit -m "<what changed>"',
    });
  }
  const chain = await history(cluster.root);
  if (chain.length === 0) {
    throw new UserError("Cannot sync: the project has no commit", {
      hint: 'git add . && git commit -m "first"',
    });
  }
  return { hosts, chain };
}

/** The files that sns itself appends to: log.txt of the cluster and of its pods, and the sync logs. */
export function isOwnLog(path: string): boolean {
  return path === "log.txt" || path.startsWith("_synclogs/") ||
    /^[^/]+\/pods\/[^/]+\/log\.txt$/.test(path);
}
