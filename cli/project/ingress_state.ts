/** Whether a release takes part in the ingress: what its pod.ingress.conf is called says so. */
import { join } from "node:path";
import { RELEASE_FILES } from "../../daemon/mod.ts";
import { podDir } from "./attachment.ts";
import { statIfPresent } from "./files.ts";
import { appendLog, type LogStamp } from "./log.ts";
import type { Release } from "./release.ts";

export const INGRESS_STATES = ["active", "inactive"] as const;
/** none: the release has nothing for the ingress. */
export type IngressState = (typeof INGRESS_STATES)[number] | "none";

const pathsIn = ({ dir }: Release) => {
  const active = join(dir, RELEASE_FILES.ingress);
  return { active, inactive: `${active}.inactive` };
};

/** The state of a release. */
export async function readIngressState(release: Release): Promise<IngressState> {
  const { active, inactive } = pathsIn(release);
  if (await statIfPresent(inactive)) return "inactive";
  return await statIfPresent(active) ? "active" : "none";
}

/** Switches a release that has the other state. */
export async function writeIngressState(
  release: Release,
  state: (typeof INGRESS_STATES)[number],
  stamp: LogStamp,
): Promise<void> {
  const { active, inactive } = pathsIn(release);
  if (state === "active") await Deno.rename(inactive, active);
  else await Deno.rename(active, inactive);
  const action = `SET_POD_INGRESS_STATE release:${release.version}=${state}`;
  await appendLog(join(podDir(release.host, release.pod), "log.txt"), action, stamp);
}
