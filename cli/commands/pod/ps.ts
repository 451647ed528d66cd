import { object } from "@optique/core/constructs";
import { parsePodStatus } from "../../../podc/mod.ts";
import {
  defineCommand,
  flag,
  jsonFlag,
  parallelOption,
  quietFlag,
  releaseArgument,
} from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import type { Release } from "../../project/release.ts";
import { targetReleases } from "../../project/targets.ts";
import { callPods, type PodCallResult, reportFailures, worstCode } from "../../remote/pod_calls.ts";
import { formatJson } from "../../ui/table.ts";

export interface PsOptions {
  readonly ref: string;
  readonly readiness: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly parallel: number | undefined;
}

const TIMEOUT_MS = 60_000;

export const definition = defineCommand<PsOptions>({
  description: "Asks the pods on their hosts how they are doing.\n" +
    "With -r it prints `<ready>/<total>`, with -r -q only the exit code says whether one is ready.",
  example: "sns pod ps web\nsns pod ps -r web",
  parser: object({
    ref: releaseArgument(),
    readiness: flag(["-r", "--readiness"], "Print how many are ready"),
    quiet: quietFlag("Print nothing"),
    parallel: parallelOption(),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: PsOptions): Promise<number> {
  const { parallel } = options;
  const cluster = await findCluster(deps.cwd, deps.env);
  const releases = await targetReleases(cluster, parsePodRef(options.ref));
  if (options.readiness) return await showReadiness(deps, releases, options);
  const results = await callPods(deps, releases, "podCall", ["ps"], {
    timeoutMs: TIMEOUT_MS,
    parallel,
  });
  if (options.json) deps.stdout(formatJson(results.map(statusAsJson)));
  else if (!options.quiet) {
    for (const result of results) deps.stdout(statusAsText(result));
  }
  reportFailures(deps, results);
  return worstCode(results);
}

/** Ready means exit 0; a host that gives no answer has no ready pod. */
async function showReadiness(
  deps: Deps,
  releases: readonly Release[],
  { quiet, json, parallel }: PsOptions,
): Promise<number> {
  const results = await callPods(deps, releases, "podCall", ["readiness"], {
    timeoutMs: TIMEOUT_MS,
    parallel,
  });
  const ready = results.filter(({ code }) => code === 0).length;
  const unanswered = results.filter(({ answered }) => !answered);
  if (json) deps.stdout(formatJson({ ready, total: results.length }));
  else if (!quiet) deps.stdout(`${ready}/${results.length}\n`);
  reportFailures(deps, unanswered);
  if (quiet) return ready > 0 ? 0 : 1;
  return unanswered.length === 0 ? 0 : 1;
}

function statusAsText({ release, code, stdout }: PodCallResult): string {
  const text = code === 0 ? stdout : `pod: ${release.pod}-${release.version}\nstatus: unknown\n`;
  return `host: ${release.host.name}\n${text.endsWith("\n") ? text : `${text}\n`}`;
}

function statusAsJson({ release, code, stdout, stderr }: PodCallResult) {
  const place = { host: release.host.name, pod: release.pod, version: release.version };
  if (code !== 0) {
    return { ...place, desired: release.state, status: "unknown", error: stderr.trim() };
  }
  const { containers, status, readiness, created, started, updated, pid } = parsePodStatus(stdout);
  return {
    ...place,
    desired: release.state,
    status,
    readiness,
    created,
    started,
    updated,
    pid,
    containers: containers.map(({ fields, ...rest }) => ({
      ...Object.fromEntries(fields),
      ...rest,
    })),
  };
}
