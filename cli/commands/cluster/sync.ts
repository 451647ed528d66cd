import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import {
  DEFAULT_PARALLEL,
  defineCommand,
  flag,
  jsonFlag,
  parallelOption,
  quietFlag,
  textOption,
} from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { targetReleases } from "../../project/targets.ts";
import type { ReleaseName } from "../../sync/plan.ts";
import { checkProject } from "../../sync/preconditions.ts";
import { syncCluster } from "../../sync/sync.ts";
import { NO_PROGRESS } from "../../ui/progress.ts";
import { exitCodeOf, formatSummary, type HostOutcome } from "../../ui/summary.ts";
import { formatJson } from "../../ui/table.ts";
import { showPlan } from "./plan.ts";

export interface SyncCommandOptions {
  readonly force: boolean;
  readonly quiet: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly skipUnreachable: boolean;
  readonly parallel: number | undefined;
  readonly overwrite: string | undefined;
}

export const definition = defineCommand<SyncCommandOptions>({
  description:
    "Brings every active and inactive host to what the project says. The project must be" +
    " committed, and each host's last synced commit must be in HEAD's history.\n" +
    "Exit code 0: all hosts are up to date; 1: at least one is not.",
  example: "sns cluster sync\nsns cluster sync --dry-run",
  parser: object({
    force: flag(["-f", "--force"], "Accept rolling hosts back, or replacing another branch"),
    quiet: quietFlag("Print only warnings and errors"),
    dryRun: flag(["--dry-run"], "Only show what would change, as sns cluster plan does"),
    skipUnreachable: flag(
      ["--skip-unreachable"],
      "Sync the others when a host can't be reached (the exit code is still 1)",
    ),
    overwrite: optional(
      textOption(
        ["--pod-to-overwrite"],
        "POD:VERSION",
        "Deliver this release again, so that nothing stays of what was changed on the hosts",
      ),
    ),
    parallel: parallelOption(),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: SyncCommandOptions): Promise<number> {
  const parallel = options.parallel ?? DEFAULT_PARALLEL;
  const overwrite = options.overwrite === undefined ? undefined : releaseNamed(options.overwrite);
  if (options.dryRun) return await showPlan(deps, { ...options, parallel, overwrite });
  const quiet = options.quiet || options.json;
  const told = quiet
    ? { ...deps, log: { ...deps.log, info: () => {}, ok: () => {} }, progress: NO_PROGRESS }
    : deps;
  const cluster = await findCluster(deps.cwd, deps.env);
  // Says so when there is no such release.
  if (overwrite !== undefined) await targetReleases(cluster, overwrite);
  const project = await checkProject(cluster);
  const outcomes = await syncCluster(told, cluster, project, { ...options, parallel, overwrite });
  if (options.json) deps.stdout(formatJson({ hosts: outcomes }));
  else report(told, outcomes);
  return exitCodeOf(outcomes);
}

function releaseNamed(text: string): ReleaseName {
  const { pod, version, host } = parsePodRef(text);
  if (version !== undefined && version !== "latest" && host === undefined) return { pod, version };
  throw new UserError(`Cannot overwrite "${text}"`, { hint: "write it as pod:version" });
}

function report({ log }: Deps, outcomes: readonly HostOutcome[]): void {
  const bad = outcomes.filter(({ result }) => result === "failed" || result === "skipped");
  for (const { host, result, text } of bad) {
    if (result === "failed") log.error(`${host}: ${text}`);
  }
  const summary = formatSummary(
    outcomes.map((outcome) => ({ ...outcome, text: outcome.text.split("\n")[0] ?? "" })),
  );
  if (bad.length > 0) log.error(`Not all hosts are synced:\n${summary}`);
  else if (outcomes.every(({ result }) => result === "unchanged")) {
    log.ok(`Nothing to do:\n${summary}`);
  } else log.ok(`Synced:\n${summary}`);
}
