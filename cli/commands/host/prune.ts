import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import {
  DEFAULT_PARALLEL,
  defineCommand,
  flag,
  hostArgument,
  jsonFlag,
  parallelOption,
} from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { describeError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { getHost, type HostDir, usableHosts } from "../../project/host.ts";
import { onHosts } from "../../sync/parallel.ts";
import { lookForPrunable, type PrunedRelease, pruneHost } from "../../sync/prune.ts";
import { confirm } from "../../ui/confirm.ts";
import { formatJson } from "../../ui/table.ts";

export interface PruneOptions {
  readonly host: string | undefined;
  readonly volumes: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
  readonly parallel: number | undefined;
}

export const definition = defineCommand<PruneOptions>({
  description:
    "Removes releases in state removed from hosts, with their configs and logs, once nothing" +
    " of them runs. Their volumes stay unless --volumes is given; volumes that pods of a host share" +
    " stay always.",
  example: "sns host prune --dry-run\nsns host prune web1 --volumes --yes",
  parser: object({
    host: optional(hostArgument()),
    volumes: flag(["--volumes"], "Remove the volumes of these releases, too: their data is lost"),
    dryRun: flag(["--dry-run"], "Only show what would be removed"),
    yes: flag(["-y", "--yes"], "Remove without asking"),
    parallel: parallelOption(),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: PruneOptions): Promise<number> {
  const { volumes, yes, json, dryRun } = options;
  const cluster = await findCluster(deps.cwd, deps.env);
  const hosts = options.host === undefined
    ? await usableHosts(cluster)
    : [await getHost(cluster, options.host)];
  const onAll = (work: (host: HostDir) => Promise<PrunedRelease[]>, on: readonly HostDir[]) =>
    releasesOf(deps, on, options.parallel ?? DEFAULT_PARALLEL, work);
  const found = await onAll((host) => lookForPrunable(deps, host), hosts);
  const removable = found.releases.filter(({ result }) => result === "removable");
  if (!json || !dryRun) show(deps, found.releases);
  if (dryRun || removable.length === 0) {
    if (json) deps.stdout(formatJson(found.releases));
    else if (removable.length === 0) deps.log.info("Nothing to do: no release is to be pruned");
    return found.failed ? 1 : 0;
  }
  const what = `${removable.length === 1 ? "this release" : `these ${removable.length} releases`}`;
  const question = `Remove ${what} ${volumes ? "and their volumes " : ""}from the hosts?`;
  if (!await confirm(deps, question, yes)) return 1;
  const due = hosts.filter(({ name }) => removable.some(({ host }) => host === name));
  const done = await onAll((host) => pruneHost(deps, host, volumes), due);
  if (json) deps.stdout(formatJson(done.releases));
  const pruned = done.releases.filter(({ result }) => result === "pruned");
  deps.log.ok(`Removed ${pruned.length} of ${removable.length} releases`);
  return found.failed || done.failed ? 1 : 0;
}

function show({ log }: Deps, releases: readonly PrunedRelease[]): void {
  for (const { host, pod, version, kilobytes, reason } of releases) {
    const name = `${pod}:${version}@${host}`;
    log.info(reason === undefined ? `${name}, ${kilobytes} KiB` : `${name} is kept: ${reason}`);
  }
}

async function releasesOf(
  { log, progress }: Deps,
  hosts: readonly HostDir[],
  parallel: number,
  work: (host: HostDir) => Promise<PrunedRelease[]>,
): Promise<{ releases: PrunedRelease[]; failed: boolean }> {
  const results = await onHosts(progress, hosts, parallel, "looking for old releases", work);
  const releases: PrunedRelease[] = [];
  let failed = false;
  results.forEach((result, index) => {
    if (result.status === "fulfilled") return void releases.push(...result.value);
    failed = true;
    log.error(`${hosts[index]!.name}: ${describeError(result.reason).join("\n")}`);
  });
  return { releases, failed };
}
