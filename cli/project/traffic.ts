/**
 * Whether a release has traffic, beside running. A parked one runs without: its port mappings and its
 * ingress rules stand in files that end in `.inactive`, which no host gets, so its daemon does not route to it.
 */
import { join } from "node:path";
import { RELEASE_FILES } from "../../daemon/mod.ts";
import { podDir } from "./attachment.ts";
import { readTextIfPresent, statIfPresent } from "./files.ts";
import { appendLog, type LogStamp } from "./log.ts";
import type { Release } from "./release.ts";

const INACTIVE = ".inactive";
const FILES = [RELEASE_FILES.portMappings, RELEASE_FILES.ingress];

/** Whether the release is parked: it has such files, and none of the others. */
export async function isParked({ dir }: Pick<Release, "dir">): Promise<boolean> {
  const has = async (file: string) => await statIfPresent(join(dir, file)) !== undefined;
  const active = await Promise.all(FILES.map(has));
  const inactive = await Promise.all(FILES.map((file) => has(file + INACTIVE)));
  return inactive.some(Boolean) && !active.some(Boolean);
}

/** Whether the release has any traffic, parked or not. */
export async function canBeParked({ dir }: Pick<Release, "dir">): Promise<boolean> {
  const all = FILES.flatMap((file) => [file, file + INACTIVE]);
  const there = await Promise.all(all.map((file) => statIfPresent(join(dir, file))));
  return there.some((each) => each !== undefined);
}

/** The text of its port mappings, parked or not; `undefined` when it has none. */
export async function mappingsText({ dir }: Pick<Release, "dir">): Promise<string | undefined> {
  const path = join(dir, RELEASE_FILES.portMappings);
  return await readTextIfPresent(path) ?? await readTextIfPresent(path + INACTIVE);
}

/** Takes the traffic from a release, or gives it back. What is so already stays. */
export async function setParked(
  release: Release,
  parked: boolean,
  stamp: LogStamp,
): Promise<void> {
  const moved = await Promise.all(FILES.map((file) => activate(release.dir, file, !parked)));
  if (!moved.some(Boolean)) return;
  const word = parked ? "parked" : "open";
  const action = `SET_POD_TRAFFIC_STATE release:${release.version}=${word}`;
  await appendLog(join(podDir(release.host, release.pod), "log.txt"), action, stamp);
}

/** Whether the rules of a release count for the ingress; `none` when it has no rules. */
export async function ingressState(
  { dir }: Pick<Release, "dir">,
): Promise<"active" | "inactive" | "none"> {
  const path = join(dir, RELEASE_FILES.ingress);
  if (await statIfPresent(path) !== undefined) return "active";
  return await statIfPresent(path + INACTIVE) === undefined ? "none" : "inactive";
}

/** Makes the rules of a release count for the ingress, or not. */
export async function setIngressState(
  release: Release,
  state: "active" | "inactive",
  stamp: LogStamp,
): Promise<void> {
  if (!await activate(release.dir, RELEASE_FILES.ingress, state === "active")) return;
  const action = `SET_POD_INGRESS_STATE release:${release.version}=${state}`;
  await appendLog(join(podDir(release.host, release.pod), "log.txt"), action, stamp);
}

/** Renames a file of the release at `dir` as `active` wants it; whether there was one to rename. */
async function activate(dir: string, file: string, active: boolean): Promise<boolean> {
  const [on, off] = [join(dir, file), join(dir, file + INACTIVE)];
  const [from, to] = active ? [off, on] : [on, off];
  if (await statIfPresent(from) === undefined) return false;
  await Deno.rename(from, to);
  return true;
}
