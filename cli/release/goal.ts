/** What a release is to bring about, and where the files for it come from. */
import { join, relative } from "node:path";
import { compareVersions, readPodVersion } from "../../podc/mod.ts";
import { compileRelease } from "../compile/compile.ts";
import { type Deps, stampOf } from "../deps.ts";
import { UserError } from "../errors.ts";
import { attachedPods } from "../project/attachment.ts";
import type { Cluster } from "../project/cluster.ts";
import { statIfPresent } from "../project/files.ts";
import { findCommit, lastCommitWith, restorePaths } from "../project/git_write.ts";
import { allHosts, type HostDir, usableHosts } from "../project/host.ts";
import { findPodSource } from "../project/pod_source.ts";
import { podReleases, releasesDir } from "../project/release.ts";
import { targetHosts } from "../project/targets.ts";
import { Commits } from "../sync/drift.ts";
import { CLUSTER, hasEnded, type JournalEntry, latestDone } from "./journal.ts";
import type { ReplicaRef, Scope } from "./observe.ts";
import { replicaName } from "./plan.ts";

/** What is to be true in the end. */
export interface Goal extends Scope {
  /** A pod, or {@link CLUSTER}. */
  readonly subject: string;
  /** `pod:version`, or a commit. */
  readonly target: string;
  /**
   * Makes the releases that the project lacks.
   *
   * @param leaving releases whose ports are free by then
   */
  readonly provide: (
    missing: readonly ReplicaRef[],
    leaving: readonly ReplicaRef[],
  ) => Promise<void>;
  /** The commit from which `paths` are to be as they were, once all else is done. */
  readonly tree?: { readonly commit: string; readonly paths: readonly string[] };
}

/** The version that pod.yaml has now. */
export async function sourceVersion(cluster: Cluster, pod: string): Promise<string> {
  const source = await findPodSource(cluster, pod, undefined);
  const version = readPodVersion(source.podYaml);
  if (version !== undefined) return version;
  throw new UserError(`Cannot release ${source.file}: it has no podVersion`, {
    hint: "add a line like podVersion: 1.0.0",
  });
}

/**
 * A version on all hosts that have the pod attached, compiled where it is missing.
 *
 * @throws {UserError} when some host lacks the version and pod.yaml has another one
 */
export async function releaseGoal(
  deps: Deps,
  cluster: Cluster,
  pod: string,
  version: string,
): Promise<Goal> {
  const hosts = await targetHosts(cluster, { pod });
  const missing: string[] = [];
  for (const host of hosts) if (!await isCompiled(host, pod, version)) missing.push(host.name);
  // A version that some host has is released as it is; only a new one is compiled.
  const compiles = missing.length === hosts.length ||
    (missing.length > 0 && await sourceVersion(cluster, pod).catch(() => "") === version);
  if (missing.length === hosts.length) {
    const found = await sourceVersion(cluster, pod);
    if (found !== version) {
      throw new UserError(`Cannot release ${pod}:${version}: pod.yaml has the version ${found}`, {
        hint:
          `sns pod release ${pod}:${found}, or bring an old one back: sns pod rollback ${pod}:${version}`,
      });
    }
  }
  const targets = compiles ? hosts : hosts.filter(({ name }) => !missing.includes(name));
  return {
    subject: pod,
    target: `${pod}:${version}`,
    pods: new Set([pod]),
    wanted: targets.map(({ name }) => ({ host: name, pod, version })),
    provide: async (_, leaving) => {
      await compileRelease(cluster, { pod }, deps.log, stampOf(deps), leaving);
    },
  };
}

/** A version that is still in the project or in its history, on all hosts that ever had it. */
export async function rollbackGoal(cluster: Cluster, pod: string, version: string): Promise<Goal> {
  const hosts = await targetHosts(cluster, { pod });
  const sources = new Map<string, string | undefined>();
  for (const host of hosts) {
    if (await isCompiled(host, pod, version)) sources.set(host.name, undefined);
    else {
      const file = join(relative(cluster.root, releasesDir(host, pod)), version, "pod");
      const commit = await lastCommitWith(cluster.root, file);
      if (commit !== undefined) sources.set(host.name, commit);
    }
  }
  if (sources.size === 0) {
    throw new UserError(
      `There is no ${pod}:${version}, neither in the project nor in its history`,
      {
        hint: `sns pod ls ${pod}`,
      },
    );
  }
  return {
    subject: pod,
    target: `${pod}:${version}`,
    pods: new Set([pod]),
    wanted: [...sources.keys()].map((host) => ({ host, pod, version })),
    provide: async (missing) => {
      for (const ref of missing) {
        const commit = sources.get(ref.host);
        if (commit === undefined) throw new Error(`Nothing is known of ${replicaName(ref)}`);
        await restorePaths(cluster.root, commit, [releasePath(ref)]);
      }
    },
  };
}

/**
 * The version that ran before the one that runs now: by the record of releases, else the highest lower one.
 *
 * @throws {UserError} when none is known
 */
export async function previousVersion(cluster: Cluster, pod: string): Promise<string> {
  const hosts = await targetHosts(cluster, { pod });
  const releases = (await Promise.all(hosts.map((host) => podReleases(host, pod)))).flat();
  const running = releases.filter(({ state }) => state === "running").map(({ version }) => version);
  const done = await latestDone(cluster.root, pod);
  if (done !== undefined && await findCommit(cluster.root, done.base) !== undefined) {
    await using commits = new Commits(cluster);
    const before = await runningAt(commits, done.base, new Set([pod]));
    const version = before.map((each) => each.version).sort(compareVersions).at(-1);
    if (version !== undefined && !running.includes(version)) return version;
  }
  const now = [...running].sort(compareVersions).at(-1);
  const lower = [...new Set(releases.map(({ version }) => version))].sort(compareVersions)
    .findLast((version) => now === undefined || compareVersions(version, now) < 0);
  if (lower !== undefined) return lower;
  throw new UserError(`No version of ${pod} before ${now ?? "this one"} is known`, {
    hint: `name it: sns pod rollback ${pod}:<version>`,
  });
}

/** All pods as they ran at `commit`, and in the end the whole project as it was, but for the logs. */
export async function clusterGoal(cluster: Cluster, commit: string): Promise<Goal> {
  await using commits = new Commits(cluster);
  const then = await commits.at(commit);
  const pods = new Set<string>();
  const usable = await usableHosts(cluster);
  for (const host of usable) for (const pod of await attachedPods(host)) pods.add(pod);
  const wanted = await runningAt(commits, commit, undefined);
  const hostsThen = (await allHosts(then)).map(({ name }) => name);
  const orphan = usable.find(({ name }) => !hostsThen.includes(name));
  if (orphan !== undefined) {
    throw new UserError(
      `Cannot go back to ${
        commit.slice(0, 10)
      }: it has no host "${orphan.name}", whose pods nobody would` +
        " look after any more",
      { hint: `sns host state ${orphan.name} -s disabled, after removing its pods` },
    );
  }
  const here = new Set(usable.map(({ name }) => name));
  return {
    subject: CLUSTER,
    target: commit,
    pods: new Set([...pods, ...wanted.map(({ pod }) => pod)]),
    wanted: wanted.filter(({ host }) => here.has(host)),
    provide: (missing) => restorePaths(cluster.root, commit, missing.map(releasePath)),
    tree: { commit, paths: ["."] },
  };
}

/** A release that only goes back. */
export function goalOfNothing(pod: string, target: string): Goal {
  const pods = new Set([pod]);
  return { subject: pod, target, pods, wanted: [], provide: () => Promise.resolve() };
}

/** The way back: what ran at the commit before the release. */
export async function backGoal(
  cluster: Cluster,
  { subject, target, base }: Pick<JournalEntry, "subject" | "target" | "base">,
  pods: ReadonlySet<string>,
  ingressPaths: readonly string[] = [],
): Promise<Goal> {
  await using commits = new Commits(cluster);
  const here = new Set((await usableHosts(cluster)).map(({ name }) => name));
  const wanted = (await runningAt(commits, base, pods)).filter(({ host }) => here.has(host));
  const paths = subject === CLUSTER ? ["."] : [
    ...(await allHosts(cluster)).map(({ name }) => join(name, "pods", subject, "release")),
    ...ingressPaths,
  ];
  return {
    subject,
    target,
    pods,
    wanted,
    provide: (missing) => restorePaths(cluster.root, base, missing.map(releasePath)),
    tree: { commit: base, paths },
  };
}

/**
 * Refuses to begin beside a release of something else that is not at its end.
 *
 * @throws {UserError} saying how to end it
 */
export function refuseOther(entry: JournalEntry | undefined, target: string): void {
  if (entry === undefined || hasEnded(entry) || entry.target === target) return;
  const again = entry.subject === CLUSTER
    ? `sns cluster rollback ${entry.target.slice(0, 10)}`
    : `sns pod release ${entry.target}`;
  throw new UserError(`The release of ${entry.target} was interrupted and is not at its end`, {
    hint: entry.subject === CLUSTER
      ? `go on with: ${again}`
      : `go on with: ${again}, or go back with: sns pod rollback ${entry.subject}`,
  });
}

/** The replicas that run, with traffic or without, at a commit; `pods` absent: of all pods. */
async function runningAt(
  commits: Commits,
  commit: string,
  pods: ReadonlySet<string> | undefined,
): Promise<ReplicaRef[]> {
  const project = await commits.at(commit);
  const running: ReplicaRef[] = [];
  for (const host of await usableHosts(project)) {
    for (const pod of await attachedPods(host)) {
      if (pods !== undefined && !pods.has(pod)) continue;
      for (const { version, state } of await podReleases(host, pod)) {
        if (state === "running") running.push({ host: host.name, pod, version });
      }
    }
  }
  return running;
}

async function isCompiled(host: HostDir, pod: string, version: string): Promise<boolean> {
  return await statIfPresent(join(releasesDir(host, pod), version, "pod")) !== undefined;
}

/** The path of a release in the project. */
export function releasePath({ host, pod, version }: ReplicaRef): string {
  return join(host, "pods", pod, "release", version);
}
