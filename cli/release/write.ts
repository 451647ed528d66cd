/** Carries the steps of a release out in the project. */
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { type Deps, stampOf } from "../deps.ts";
import { attachedPods } from "../project/attachment.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { changedPaths } from "../project/git.ts";
import {
  commitPaths,
  discardChanges,
  filesOf,
  headCommit,
  restorePaths,
} from "../project/git_write.ts";
import { getHost, usableHosts } from "../project/host.ts";
import { podReleases, writeReleaseState } from "../project/release.ts";
import { setParked } from "../project/traffic.ts";
import { isOwnLog } from "../sync/preconditions.ts";
import { type Goal, releasePath } from "./goal.ts";
import { CLUSTER, formatJournal, type JournalEntry } from "./journal.ts";
import type { Change } from "./model.ts";
import { replicaName } from "./plan.ts";
import type { ReplicaRef } from "./observe.ts";

/** Writes the changes of one step; makes the releases that are missing first. */
export async function writeChanges(
  deps: Deps,
  cluster: Cluster,
  goal: Goal,
  changes: readonly Change[],
): Promise<void> {
  const missing = changes.filter(({ provide }) => provide);
  const leaving = changes.filter(({ state }) => state === "removed");
  if (missing.length > 0) await goal.provide(missing, leaving);
  for (const { state, parked, ...ref } of changes) {
    const release = await findRelease(cluster, ref);
    // Without traffic first, so that no moment shows a running release that has some by mistake.
    if (parked !== undefined) await setParked(release, parked, stampOf(deps));
    if (state !== undefined && release.state !== state) {
      await writeReleaseState(release, state, stampOf(deps));
    }
  }
}

/** Commits what a release changes, with its record; also when nothing changed. */
export async function commitRelease(
  cluster: Cluster,
  entry: JournalEntry,
  paths: readonly string[],
): Promise<string> {
  await commitPaths(cluster.root, paths, formatJournal(entry), { evenIfEmpty: true });
  return await headCommit(cluster.root);
}

/** The paths that the steps of a release may change. */
export async function pathsOf(cluster: Cluster, goal: Goal): Promise<string[]> {
  if (goal.subject === CLUSTER) return ["."];
  const hosts = await usableHosts(cluster);
  return hosts.map(({ name }) => join(name, "pods", goal.subject));
}

/** Makes the paths of the goal's tree as they were, but for the logs that are there now. */
export async function restoreTree(cluster: Cluster, { tree }: Goal): Promise<void> {
  if (tree === undefined) return;
  const { commit } = tree;
  const logs = new Set((await filesOf(cluster.root, "HEAD")).filter(isOwnLog));
  const kept = new Set((await filesOf(cluster.root, commit)).filter(isOwnLog));
  // A log that both have goes on; one of a pod that is attached or detached by this goes with it.
  const texts = new Map<string, string>();
  for (const path of logs) {
    if (kept.has(path) || path.startsWith(`${PROJECT_FILES.syncLogs}/`)) {
      texts.set(path, await Deno.readTextFile(join(cluster.root, path)));
    }
  }
  await restorePaths(cluster.root, commit, tree.paths);
  for (const [path, text] of texts) {
    await Deno.mkdir(join(cluster.root, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(cluster.root, path), text);
  }
}

/**
 * Makes the project ready for a release: what an interrupted one left uncommitted is given up, and anything
 * else that is not committed is refused.
 *
 * @throws {UserError} naming the files
 */
export async function tidyUp(
  cluster: Cluster,
  goal: Goal,
  inProgress: boolean,
  ingressPaths: readonly string[] = [],
): Promise<void> {
  const dirty = (await changedPaths(cluster.root)).filter((path) => !isOwnLog(path));
  if (dirty.length === 0) return;
  // Before its first commit a release only makes directories of new releases.
  const own = inProgress
    ? dirty.filter((path) =>
      goal.pods.has(path.split("/")[2] ?? "") ||
      ingressPaths.some((own) => path.startsWith(`${own}/`))
    )
    : dirty.filter((path) =>
      goal.wanted.some((ref) =>
        path.startsWith(`${releasePath(ref)}/`) || path.startsWith(newReleasePath(ref)) ||
        path === join(ref.host, "pods", ref.pod, "git.url")
      )
    );
  const foreign = dirty.filter((path) => !own.includes(path));
  if (foreign.length === 0) {
    await discardChanges(cluster.root, [...new Set(own.map(upToRelease))]);
    return;
  }
  throw new UserError(`Cannot release: these files are not committed\n${foreign.join("\n")}`, {
    hint: 'git add . && git commit -m "<what changed>"',
  });
}

/** What writing a release leaves when it is killed. */
function newReleasePath(ref: ReplicaRef): string {
  return join(releasePath(ref), "..", ".new.");
}

/** The directory of a release, or of what was to become one; other paths as they are. */
function upToRelease(path: string): string {
  const parts = path.split("/");
  return parts[3] === "release" && parts.length > 5 ? parts.slice(0, 5).join("/") : path;
}

async function findRelease(cluster: Cluster, ref: ReplicaRef) {
  const host = await getHost(cluster, ref.host);
  const releases = await podReleases(host, ref.pod);
  const release = releases.find(({ version }) => version === ref.version);
  if (release !== undefined) return release;
  const attached = (await attachedPods(host)).includes(ref.pod);
  throw new UserError(
    `${replicaName(ref)} is not in the project` +
      (attached ? "" : `: the pod is not attached there`),
  );
}
