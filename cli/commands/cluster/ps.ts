import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import {
  DEFAULT_PARALLEL,
  defineCommand,
  flag,
  jsonFlag,
  parallelOption,
  textOption,
} from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { describeError, UserError } from "../../errors.ts";
import { type Cluster, findCluster } from "../../project/cluster.ts";
import { history } from "../../project/git.ts";
import { allHosts, type HostDir } from "../../project/host.ts";
import { desiredHost } from "../../sync/desired.ts";
import { liveHost, type PodLine, podLines } from "../../sync/live.ts";
import { observeHost } from "../../sync/observe.ts";
import { onHosts } from "../../sync/parallel.ts";
import { formatJson, formatTable } from "../../ui/table.ts";
import { formatAge } from "../../ui/age.ts";

export interface PsOptions {
  readonly pod: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly parallel: number | undefined;
}

export const definition = defineCommand<PsOptions>({
  description:
    "Shows every release on every active and inactive host: what the project wants, what" +
    " runs, since when, whether it is ready, how often it was restarted, and how the host differs" +
    " from the project (DRIFT; sns cluster sync puts that right).\nExit code 1: a host gave no answer.",
  example: "sns cluster ps\nsns cluster ps --pod=web --json",
  parser: object({
    pod: optional(textOption(["-p", "--pod"], "POD", "Only this pod")),
    quiet: flag(["-q", "--quiet"], "Leave the column titles out"),
    parallel: parallelOption(),
    json: jsonFlag(),
  }),
  run,
});

const TITLES = ["HOST", "POD", "DESIRED", "LIVE", "READY", "RESTARTS", "AGE", "DRIFT"];

async function run(deps: Deps, options: PsOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const all = await allHosts(cluster);
  const chain = await history(cluster.root);
  const hosts = all.filter(({ state }) => state !== "disabled");
  const results = await onHosts(
    deps.progress,
    hosts,
    options.parallel ?? DEFAULT_PARALLEL,
    "looking",
    (host) => linesOf(deps, cluster, host, all, chain),
  );
  const lines: PodLine[] = [];
  const silent: { host: string; error: string }[] = [];
  results.forEach((result, index) => {
    const { name } = hosts[index]!;
    if (result.status === "fulfilled") {
      lines.push(...result.value.filter(({ pod }) => (options.pod ?? pod) === pod));
    } else silent.push({ host: name, error: describeError(result.reason).join("\n") });
  });
  if (options.json) deps.stdout(formatJson({ pods: lines, unreachable: silent }));
  else if (lines.length > 0) {
    deps.stdout(formatTable(lines.map(cells), options.quiet ? undefined : TITLES));
  } else if (silent.length === 0) deps.log.info("No pods");
  for (const { host, error } of silent) deps.log.error(`${host}: ${error}`);
  return silent.length === 0 ? 0 : 1;
}

async function linesOf(
  deps: Deps,
  cluster: Cluster,
  host: HostDir,
  all: readonly HostDir[],
  chain: readonly string[],
): Promise<PodLine[]> {
  const connection = deps.connect(host);
  const { hostHome } = host.env;
  const observed = await observeHost(connection, hostHome, deps.signal);
  if (observed.clusterId !== cluster.id) {
    throw new UserError(`it belongs to another cluster, ${observed.clusterId || "without an id"}`);
  }
  const live = await liveHost(connection, hostHome, deps.signal);
  return podLines(await desiredHost(cluster, host, all, chain), observed, live);
}

function cells(line: PodLine): string[] {
  return [
    line.host,
    `${line.pod}:${line.version}`,
    line.desired,
    line.live,
    line.ready ? "yes" : "no",
    String(line.restarts),
    line.ageSeconds === undefined ? "-" : formatAge(line.ageSeconds),
    line.drift.length === 0 ? "-" : line.drift.join(", "),
  ];
}
