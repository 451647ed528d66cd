import { object } from "@optique/core/constructs";
import { multiple } from "@optique/core/modifiers";
import { defineCommand, parallelOption, releaseArgument, textArgument } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { releaseName } from "../../project/release.ts";
import { targetReleases } from "../../project/targets.ts";
import { callPods, reportFailures, worstCode } from "../../remote/pod_calls.ts";

export interface SignalOptions {
  readonly ref: string;
  readonly containers: readonly string[];
  readonly parallel: number | undefined;
}

const TIMEOUT_MS = 60_000;

export const definition = defineCommand<SignalOptions>({
  description:
    "Tells the containers of running pods to reload, each by the signal or command that" +
    " pod.yaml has for it. Releases that are not to run are left out with a warning.",
  example: "sns pod signal web\nsns pod signal web@h1 nginx",
  parser: object({
    ref: releaseArgument(),
    containers: multiple(textArgument("CONTAINER", "Only these containers")),
    parallel: parallelOption(),
  }),
  run,
});

async function run(deps: Deps, { ref, containers, parallel }: SignalOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const releases = await targetReleases(cluster, parsePodRef(ref));
  for (const release of releases.filter(({ state }) => state !== "running")) {
    deps.log.warn(`${releaseName(release)} is ${release.state}, it is not told`);
  }
  const running = releases.filter(({ state }) => state === "running");
  const results = await callPods(deps, running, "podCall", ["signal", ...containers], {
    timeoutMs: TIMEOUT_MS,
    parallel,
  });
  for (const { release, code } of results) {
    if (code === 0) deps.log.ok(`Told ${releaseName(release)}`);
  }
  reportFailures(deps, results);
  return worstCode(results);
}
