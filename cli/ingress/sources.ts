/** What the releases in the project ask of the ingress. */
import { join } from "node:path";
import { RELEASE_FILES } from "../../daemon/mod.ts";
import { UserError } from "../errors.ts";
import type { Cluster } from "../project/cluster.ts";
import { readTextIfPresent, statIfPresent } from "../project/files.ts";
import { allHosts } from "../project/host.ts";
import { hostReleases, type Release, releaseName } from "../project/release.ts";
import { parseIngressConf } from "./ingress_conf.ts";
import type { RuleSource } from "./plan.ts";

/** A release whose ingress is switched off has its file under this name. */
export const INACTIVE_INGRESS = `${RELEASE_FILES.ingress}.inactive`;

export interface IngressSources {
  readonly sources: readonly RuleSource[];
  readonly warnings: readonly string[];
}

/**
 * Reads the ingress of all running releases on active hosts, except those of `ingressPod`.
 *
 * @throws {UserError} with all errors in these files: pod, version, host and line
 */
export async function readSources(cluster: Cluster, ingressPod: string): Promise<IngressSources> {
  const sources: RuleSource[] = [];
  const warnings: string[] = [];
  const errors: string[] = [];
  const switchedOff: Release[] = [];
  for (const host of await allHosts(cluster)) {
    if (host.state !== "active") continue;
    for (const release of await hostReleases(host)) {
      if (release.pod === ingressPod || release.state !== "running") continue;
      const text = await readTextIfPresent(join(release.dir, RELEASE_FILES.ingress));
      if (text === undefined) {
        if (await statIfPresent(join(release.dir, INACTIVE_INGRESS))) switchedOff.push(release);
        continue;
      }
      const file = `${releaseName(release)} ${RELEASE_FILES.ingress}`;
      const { rules, problems } = parseIngressConf(text);
      for (const { severity, line, message } of problems) {
        (severity === "error" ? errors : warnings).push(`${file}:${line}: ${message}`);
      }
      sources.push({ pod: release.pod, version: release.version, file, rules });
    }
  }
  if (errors.length > 0) {
    throw new UserError(`Cannot use the ingress of the running pods:\n${errors.join("\n")}`, {
      hint: "correct the pod.yaml and release a new version, or switch the release off:" +
        " sns pod state <pod:version> -s removed",
    });
  }
  for (const release of switchedOff) {
    warnings.push(`${releaseName(release)}: its ingress is inactive`);
  }
  return { sources, warnings };
}
