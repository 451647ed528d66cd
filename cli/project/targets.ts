/** Which hosts and releases a pod reference means. */
import { UserError } from "../errors.ts";
import { attachedPods, isAttached } from "./attachment.ts";
import type { Cluster } from "./cluster.ts";
import { getHost, type HostDir, usableHosts } from "./host.ts";
import { formatPodRef, parsePodRef, type PodRef } from "./pod_ref.ts";
import { hostReleases, latestVersion, podReleases, type Release, releaseName } from "./release.ts";

/**
 * The active and inactive hosts that `ref` means: its own one, or all that have the pod attached.
 *
 * @throws {UserError} when the pod is attached to none of them
 */
export async function targetHosts(cluster: Cluster, ref: PodRef): Promise<HostDir[]> {
  const candidates = ref.host === undefined
    ? await usableHosts(cluster)
    : [await getHost(cluster, ref.host)];
  const disabled = candidates.find(({ state }) => state === "disabled");
  if (disabled !== undefined) {
    throw new UserError(`Host "${disabled.name}" is disabled`, {
      hint: `sns host state ${disabled.name} -s active`,
    });
  }
  const hosts: HostDir[] = [];
  for (const host of candidates) if (await isAttached(host, ref.pod)) hosts.push(host);
  if (hosts.length > 0) return hosts;
  const where = ref.host === undefined ? "any active or inactive host" : `host "${ref.host}"`;
  const attached = (await Promise.all(candidates.map(attachedPods))).flat();
  const attach = `sns host attach ${ref.pod}@${ref.host ?? "<host>"}`;
  throw new UserError(`The pod "${ref.pod}" is not attached to ${where}`, {
    hint: attached.length === 0
      ? attach
      : `one of ${[...new Set(attached)].sort().join(", ")}, or attach it with: ${attach}`,
  });
}

/**
 * The releases that `ref` means, a host each: those of its version, `latest` when it has none.
 * Hosts without that version are left out.
 *
 * @throws {UserError} when no host has such a release
 */
export async function targetReleases(cluster: Cluster, ref: PodRef): Promise<Release[]> {
  const all: Release[] = [];
  for (const host of await targetHosts(cluster, ref)) all.push(...await podReleases(host, ref.pod));
  if (all.length === 0) {
    throw new UserError(`The pod "${ref.pod}" has no release`, {
      hint: `sns pod compile ${ref.pod}`,
    });
  }
  const version = ref.version === undefined || ref.version === "latest"
    ? latestVersion(all)
    : ref.version;
  const known = [...new Set(all.map((release) => release.version))].join(", ");
  if (version === undefined) {
    throw new UserError(`All releases of "${ref.pod}" are removed`, {
      hint: `name the version: one of ${known}`,
    });
  }
  const releases = all.filter((release) => release.version === version);
  if (releases.length > 0) return releases;
  throw new UserError(`There is no release ${formatPodRef(ref)}`, { hint: `one of ${known}` });
}

/** The releases that several references mean, each once. */
export async function namedReleases(
  cluster: Cluster,
  refs: readonly string[],
): Promise<Release[]> {
  const releases = new Map<string, Release>();
  for (const ref of refs) {
    for (const release of await targetReleases(cluster, parsePodRef(ref))) {
      releases.set(releaseName(release), release);
    }
  }
  return [...releases.values()];
}

/**
 * The releases that a list means: references with commas between them, each as {@link targetReleases}
 * has it, or `@host` for all of a host that are to run; without a list, all that are to run.
 *
 * @throws {UserError} when there is none
 */
export async function listedReleases(
  cluster: Cluster,
  list: string | undefined,
): Promise<Release[]> {
  const releases = new Map<string, Release>();
  const add = (found: readonly Release[]) => {
    for (const release of found) releases.set(releaseName(release), release);
  };
  if (list === undefined) {
    for (const host of await usableHosts(cluster)) add(await runningReleases(host));
  } else {
    for (const ref of list.split(",")) {
      if (ref.startsWith("@")) add(await runningReleases(await getHost(cluster, ref.slice(1))));
      else add(await targetReleases(cluster, parsePodRef(ref)));
    }
  }
  if (releases.size > 0) return [...releases.values()];
  throw new UserError("No pod is to run there", { hint: "sns pod ls shows the releases" });
}

async function runningReleases(host: HostDir): Promise<Release[]> {
  return (await hostReleases(host)).filter(({ state }) => state === "running");
}
