import { object } from "@optique/core/constructs";
import { defineCommand, jsonFlag, parallelOption, releaseArgument } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { targetReleases } from "../../project/targets.ts";
import { callPods, reportFailures, worstCode } from "../../remote/pod_calls.ts";
import { formatJson } from "../../ui/table.ts";

export interface InfoOptions {
  readonly ref: string;
  readonly json: boolean;
  readonly parallel: number | undefined;
}

const TIMEOUT_MS = 60_000;

export const definition = defineCommand<InfoOptions>({
  description: "Prints what each pod on its host consists of.",
  example: "sns pod info web",
  parser: object({
    ref: releaseArgument(),
    parallel: parallelOption(),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, { ref, json, parallel }: InfoOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const releases = await targetReleases(cluster, parsePodRef(ref));
  const results = await callPods(deps, releases, "podCall", ["info"], {
    timeoutMs: TIMEOUT_MS,
    parallel,
  });
  if (json) {
    deps.stdout(formatJson(results.map(({ release, stdout }) => ({
      host: release.host.name,
      pod: release.pod,
      version: release.version,
      info: stdout,
    }))));
  } else {
    for (const { release, stdout } of results) deps.stdout(`host: ${release.host.name}\n${stdout}`);
  }
  reportFailures(deps, results);
  return worstCode(results);
}
