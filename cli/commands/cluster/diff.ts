import { object } from "@optique/core/constructs";
import { DEFAULT_PARALLEL, defineCommand, jsonFlag, parallelOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { describeError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { usableHosts } from "../../project/host.ts";
import { Commits, describeDrift, type HostDrift, hostDrift } from "../../sync/drift.ts";
import { onHosts } from "../../sync/parallel.ts";
import { formatJson } from "../../ui/table.ts";

export interface DiffOptions {
  readonly json: boolean;
  readonly parallel: number | undefined;
}

/** Exit code when something differs. */
const DRIFT = 2;

export const definition = defineCommand<DiffOptions>({
  description: "Shows what on the hosts differs from the commits that they were last synced with:" +
    " changed by hand, or delivered by half. Reads everything, the content of configs included, and" +
    " changes nothing.\nExit code 0: nothing differs; 2: something does; 1: a host can't be compared.",
  example: "sns cluster diff",
  parser: object({ parallel: parallelOption(), json: jsonFlag() }),
  run,
});

async function run(deps: Deps, { json, parallel }: DiffOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const hosts = await usableHosts(cluster);
  await using commits = new Commits(cluster);
  const results = await onHosts(
    deps.progress,
    hosts,
    parallel ?? DEFAULT_PARALLEL,
    "comparing",
    (host) => hostDrift(deps, commits, host),
  );
  const drifts: HostDrift[] = [];
  const failed: { host: string; error: string }[] = [];
  results.forEach((result, index) => {
    if (result.status === "fulfilled") drifts.push(result.value);
    else failed.push({ host: hosts[index]!.name, error: describeError(result.reason).join("\n") });
  });
  if (json) deps.stdout(formatJson({ hosts: [...drifts, ...failed] }));
  else drifts.forEach((drift) => deps.stdout(asText(drift)));
  for (const { host, error } of failed) deps.log.error(`${host}: ${error}`);
  if (failed.length > 0) return 1;
  return drifts.some((drift) => describeDrift(drift).length > 0) ? DRIFT : 0;
}

function asText(drift: HostDrift): string {
  const lines = describeDrift(drift);
  const commit = drift.commit.slice(0, 10);
  if (lines.length === 0) return `${drift.host}: as ${commit} has it\n`;
  return `${drift.host}: not as ${commit} has it\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
