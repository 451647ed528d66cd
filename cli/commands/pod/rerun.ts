import { object } from "@optique/core/constructs";
import { multiple } from "@optique/core/modifiers";
import { formatPodAction, parsePodAction } from "../../../podc/mod.ts";
import { defineCommand, parallelOption, releaseArgument, textArgument } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { type Release, releaseName, saysStartFirst } from "../../project/release.ts";
import { targetReleases } from "../../project/targets.ts";
import { callPods, reportFailures, worstCode } from "../../remote/pod_calls.ts";

export interface RerunOptions {
  readonly ref: string;
  readonly containers: readonly string[];
  readonly parallel: number | undefined;
}

const TIMEOUT_MS = 60_000;

export const definition = defineCommand<RerunOptions>({
  description:
    "Asks the daemons on the hosts to restart pods, or just some of their containers. It" +
    " does not wait for that.",
  example: "sns pod rerun web\nsns pod rerun web@h1 nginx",
  parser: object({
    ref: releaseArgument(),
    containers: multiple(textArgument("CONTAINER", "Only these containers")),
    parallel: parallelOption(),
  }),
  run,
});

async function run(deps: Deps, { ref, containers, parallel }: RerunOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const action = formatPodAction(containers);
  if (parsePodAction(action)?.containers.length !== containers.length) {
    throw new UserError(`Cannot rerun "${containers.join('" "')}": that is no container name`);
  }
  const releases = await targetReleases(cluster, parsePodRef(ref));
  const results = await callPods(deps, releases, "podAction", [action.trimEnd()], {
    timeoutMs: TIMEOUT_MS,
    parallel,
  });
  for (const { release, code } of results) {
    if (code === 0) deps.log.ok(`Asked for a rerun of ${releaseName(release)}`);
  }
  reportFailures(deps, results);
  if (containers.length === 0) await tellOfReleases(deps, releases);
  return worstCode(results);
}

/** A rerun ends a pod before it starts it again, also one that could be exchanged without a gap. */
async function tellOfReleases(deps: Deps, releases: readonly Release[]): Promise<void> {
  const pods = new Set<string>();
  for (const release of releases) if (await saysStartFirst(release)) pods.add(release.pod);
  for (const pod of pods) {
    deps.log.warn(
      `A rerun stops ${pod} before it starts it; a new version refuses nobody (sns pod release ${pod})`,
    );
  }
}
