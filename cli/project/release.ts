/** Releases: the compiled versions of a pod on a host, in `<host>/pods/<pod>/release/<version>`. */
import { join } from "node:path";
import {
  compareVersions,
  HEADER_BYTES,
  isVersion,
  parsePodState,
  type PodState,
  startsFirst,
} from "../../podc/mod.ts";
import { RELEASE_FILES } from "../../daemon/mod.ts";
import { UserError } from "../errors.ts";
import { attachedPods, podDir, retire } from "./attachment.ts";
import type { HostDir } from "./host.ts";
import { readTextIfPresent, statIfPresent, visibleNames, writeFileAtomic } from "./files.ts";
import { appendLog, type LogStamp } from "./log.ts";

export interface Release {
  readonly host: HostDir;
  readonly pod: string;
  readonly version: string;
  readonly dir: string;
  /** A missing pod.state means removed. */
  readonly state: PodState;
}

/** `pod:version@host`. */
export function releaseName({ pod, version, host }: Release): string {
  return `${pod}:${version}@${host.name}`;
}

/** The directory of all releases of a pod. */
export function releasesDir(host: HostDir, pod: string): string {
  return join(podDir(host, pod), "release");
}

/** The compiled releases of `pod` on `host`, lowest version first. */
export async function podReleases(host: HostDir, pod: string): Promise<Release[]> {
  const parent = releasesDir(host, pod);
  const names = (await visibleNames(parent, (entry) => entry.isDirectory)).filter(isVersion);
  const releases: Release[] = [];
  for (const version of names.sort(compareVersions)) {
    const dir = join(parent, version);
    if (!await statIfPresent(join(dir, RELEASE_FILES.pod))) continue;
    releases.push({ host, pod, version, dir, state: await readState(dir) });
  }
  return releases;
}

/** All releases of the pods attached to `host`. */
export async function hostReleases(host: HostDir): Promise<Release[]> {
  const releases: Release[] = [];
  for (const pod of await attachedPods(host)) releases.push(...await podReleases(host, pod));
  return releases;
}

/** Whether other versions of the pod go on until this one is ready: `updateOrder` in its pod.yaml. */
export async function saysStartFirst({ dir }: Release): Promise<boolean> {
  using file = await Deno.open(join(dir, RELEASE_FILES.pod));
  const head = new Uint8Array(HEADER_BYTES);
  const length = await file.read(head) ?? 0;
  return startsFirst(new TextDecoder().decode(head.subarray(0, length)));
}

async function readState(dir: string): Promise<PodState> {
  const file = join(dir, RELEASE_FILES.state);
  const text = await readTextIfPresent(file);
  if (text === undefined) return "removed";
  const state = parsePodState(text);
  if (state !== undefined) return state;
  throw new UserError(`Cannot read ${file}: "${text.trim()}" is no state`, {
    hint: "it holds one of running, stopped, removed",
  });
}

/**
 * The version that `latest` means among `releases`: the highest that is not removed, a pre-release
 * only when there is nothing else; `undefined` when all are removed.
 */
export function latestVersion(releases: readonly Release[]): string | undefined {
  const versions = [
    ...new Set(
      releases.filter(({ state }) => state !== "removed")
        .map(({ version }) => version),
    ),
  ].sort(compareVersions);
  return versions.findLast((version) => !version.includes("-")) ?? versions.at(-1);
}

/** Sets what a release should be. */
export async function writeReleaseState(
  release: Release,
  state: PodState,
  stamp: LogStamp,
): Promise<void> {
  await writeFileAtomic(join(release.dir, RELEASE_FILES.state), `${state}\n`);
  const action = `SET_POD_RELEASE_STATE release:${release.version}=${state}`;
  await appendLog(join(podDir(release.host, release.pod), "log.txt"), action, stamp);
}

/** Deletes a release: its directory stays under a name with a dot and the time, for recovery. */
export async function deleteRelease(release: Release, stamp: LogStamp): Promise<void> {
  await retire(releasesDir(release.host, release.pod), release.version, stamp.now);
  const log = join(podDir(release.host, release.pod), "log.txt");
  await appendLog(log, `DELETE_RELEASE ${release.version}`, stamp);
}
