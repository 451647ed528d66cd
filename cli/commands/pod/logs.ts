import { object } from "@optique/core/constructs";
import { multiple, optional } from "@optique/core/modifiers";
import { integer } from "@optique/core/valueparser";
import {
  defineCommand,
  flag,
  jsonFlag,
  releaseArgument,
  textArgument,
  textOption,
  valueOption,
  wordsOption,
} from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { targetReleases } from "../../project/targets.ts";
import { callPods, reportFailures, worstCode } from "../../remote/pod_calls.ts";
import { mergeLines, mergeLogs } from "../../ui/merge_logs.ts";
import { formatJson } from "../../ui/table.ts";

export interface LogsOptions {
  readonly ref: string;
  readonly containers: readonly string[];
  readonly supervisor: boolean;
  readonly timestamp: string | undefined;
  readonly limit: number | undefined;
  readonly stream: string | undefined;
  readonly details: string | undefined;
  readonly json: boolean;
}

const TIMEOUT_MS = 120_000;

export const definition = defineCommand<LogsOptions>({
  description:
    "Prints what pods wrote on all their hosts, by time, each line behind its host's name.",
  example: "sns pod logs web -l -100\nsns pod logs web@h1 nginx -s stderr -t -3600",
  parser: object({
    ref: releaseArgument(),
    containers: multiple(textArgument("CONTAINER", "Only these containers")),
    supervisor: flag(["-p", "--daemon-process"], "The log of the pod's supervisor"),
    timestamp: optional(
      textOption(
        ["-t", "--timestamp"],
        "TIME",
        "From unix seconds, -N for N seconds ago, or 10m, 2h, 1d ago",
      ),
    ),
    limit: optional(
      valueOption(
        ["-l", "--limit"],
        integer({ metavar: "N" }),
        "The first N lines, -N for the last ones, 0 for all",
      ),
    ),
    stream: optional(
      wordsOption(
        ["-s", "--stream"],
        "STREAMS",
        ["stdout", "stderr"],
        "stdout, stderr or both with a comma",
      ),
    ),
    details: optional(
      wordsOption(
        ["-d", "--details"],
        "COLUMNS",
        ["ts", "name", "stream", "age", "none"],
        "Of ts,name,stream,age (default ts,name), or none",
      ),
    ),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: LogsOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const releases = await targetReleases(cluster, parsePodRef(options.ref));
  const results = await callPods(deps, releases, "podCall", podArguments(options), TIMEOUT_MS);
  const logs = results.map(({ release, stdout }) => ({ label: release.host.name, text: stdout }));
  const hideTime = !showsTime(options.details);
  const how = { limit: options.limit ?? 0, hideTime };
  if (options.json) {
    const lines = mergeLines(logs, how).map(({ label, time, text }) => ({
      host: label,
      time,
      text,
    }));
    deps.stdout(formatJson(lines));
  } else deps.stdout(mergeLogs(logs, how));
  reportFailures(deps, results);
  return worstCode(results);
}

/** Whether lines begin with their time, by which they are merged. */
const showsTime = (details: string | undefined) =>
  details === undefined || details.split(",")[0] === "ts";

/** The arguments of the pod's own `logs`; lines always begin with their time. */
export function podArguments(options: LogsOptions): string[] {
  const { supervisor, timestamp, limit, stream, details, containers } = options;
  return [
    "logs",
    ...(supervisor ? ["-p"] : []),
    "-t",
    timestamp ?? "0",
    "-l",
    String(limit ?? 0),
    "-s",
    stream ?? "stdout,stderr",
    ...(details === undefined ? [] : ["-d", showsTime(details) ? details : `ts,${details}`]),
    ...containers,
  ];
}
