/** Names and paths of a host home: the directory on a host that holds a cluster's files. */
import { join } from "node:path/posix";

/** File names directly in a host home. */
export const HOME_FILES = {
  /** One line: the id of the cluster that the host belongs to. */
  clusterId: "cluster-id.txt",
  /** Commits that were synced here, oldest first. */
  commitChain: "commit-chain.txt",
  /** Exists during a sync. */
  lockToken: "lock-token.txt",
  /** Router addresses of the cluster, the own one first. */
  hostsConf: "hosts.conf",
  /** Written by the daemon, read by the proxy. */
  portMappings: "portmappings.conf",
  /** Held by the one daemon that serves this home. */
  daemonLock: ".simplenetesd.lock",
  /** What that daemon last did, for "simplenetesd status". */
  daemonStatus: ".simplenetesd.status",
  /** Directory of the pods. */
  pods: "pods",
} as const;

/** File names in the directory of a release. */
export const RELEASE_FILES = {
  /** The compiled pod, executable. */
  pod: "pod",
  /** What the pod should be: running, stopped or removed. */
  state: "pod.state",
  /** A one-time request; the daemon takes it away. */
  action: "pod.action",
  /** What the pod's supervisor last saw. */
  status: ".pod.status",
  portMappings: "pod.portmappings.conf",
  ingress: "pod.ingress.conf",
  /** Directory of the config volumes. */
  config: "config",
} as const;

type Paths<T> = { readonly [K in keyof T]: string };

/** The paths of {@link HOME_FILES} in `home`. */
export function homePaths(home: string): Paths<typeof HOME_FILES> {
  return pathsIn(home, HOME_FILES);
}

/** The paths of {@link RELEASE_FILES} in `release`, the directory of a release. */
export function releasePaths(release: string): Paths<typeof RELEASE_FILES> {
  return pathsIn(release, RELEASE_FILES);
}

/** The directory that holds all releases of `pod`. */
export function releasesDir(home: string, pod: string): string {
  return join(home, HOME_FILES.pods, pod, "release");
}

/** The directory of one release. */
export function releaseDir(home: string, pod: string, version: string): string {
  return join(releasesDir(home, pod), version);
}

function pathsIn<T extends Record<string, string>>(directory: string, names: T): Paths<T> {
  return Object.fromEntries(
    Object.entries(names).map(([key, name]) => [key, join(directory, name)]),
  ) as Paths<T>;
}
