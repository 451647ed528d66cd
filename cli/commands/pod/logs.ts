import { object } from "@optique/core/constructs";
import { multiple, optional } from "@optique/core/modifiers";
import { integer } from "@optique/core/valueparser";
import {
  defineCommand,
  flag,
  jsonFlag,
  releaseListArgument,
  textArgument,
  valueOption,
  wordsOption,
} from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { followFlag, type Since, sinceOption, tailOption } from "../../logs/options.ts";
import { COLUMNS, formatPodLine, parsePodLine } from "../../logs/pod_line.ts";
import { type HostLogs, showLogs, type ShownLine } from "../../logs/show.ts";
import { findCluster } from "../../project/cluster.ts";
import { unixSeconds } from "../../project/log.ts";
import { type Release, releaseName } from "../../project/release.ts";
import { listedReleases } from "../../project/targets.ts";
import { REMOTE_PROGRAMS } from "../../remote/programs.ts";

export interface LogsOptions {
  readonly refs: string | undefined;
  readonly containers: readonly string[];
  readonly follow: boolean;
  readonly supervisor: boolean;
  readonly since: Since | undefined;
  readonly tail: number | undefined;
  readonly limit: number | undefined;
  readonly stream: string | undefined;
  readonly details: string | undefined;
  readonly json: boolean;
}

export const definition = defineCommand<LogsOptions>({
  description:
    "Prints what pods wrote on all their hosts, by time, each line behind the host that it is from," +
    " and the pod if there are several. Without PODS these are all that are to run; several have" +
    " commas between them, @HOST means all of a host.\nWith --follow it goes on; a host that can't be" +
    " reached is told and tried again until it is back. With --json each line is an object.\nExit code 1:" +
    " some logs could not be read.",
  example: "sns pod logs web --tail=100\nsns pod logs web@h1 nginx -s stderr --since=1h\n" +
    "sns pod logs web,api:1.2.0 --follow --since=10m\nsns pod logs @h1 --json",
  parser: object({
    refs: optional(releaseListArgument()),
    containers: multiple(textArgument("CONTAINER", "Only these containers")),
    follow: followFlag(),
    supervisor: flag(["-p", "--daemon-process"], "The log of the pod's supervisor"),
    since: sinceOption(),
    tail: tailOption("The last N lines, as --limit=-N"),
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
        COLUMNS,
        "Of ts,name,stream,age (default ts,name), or none",
      ),
    ),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: LogsOptions): Promise<number> {
  const { tail, limit, follow } = options;
  if (tail !== undefined && limit !== undefined) {
    throw new UserError("--tail and --limit mean the same: give one of them");
  }
  const cluster = await findCluster(deps.cwd, deps.env);
  const releases = await listedReleases(cluster, options.refs);
  const groups = Map.groupBy(releases, ({ host }) => host.name).values().toArray();
  const shown = tail === undefined ? limit ?? 0 : -tail;
  const since = options.since?.(unixSeconds(deps.now())) ?? 0;
  const hosts = groups.map((group) => logsOfHost(deps, group, options, shown));
  const print = printer(deps, groups, options);
  const { log, signal } = deps;
  const all = await showLogs(hosts, { follow, since, limit: shown, print, log, signal });
  return all ? 0 : 1;
}

/** What is read from a host for its releases. */
function logsOfHost(
  deps: Deps,
  releases: readonly Release[],
  { follow, supervisor, stream, containers, details }: LogsOptions,
  limit: number,
): HostLogs {
  const { host } = releases[0]!;
  return {
    host: deps.connect(host),
    script: REMOTE_PROGRAMS.podLogs,
    labels: releases.map(releaseName),
    args: (since) => [
      host.env.hostHome,
      follow ? "yes" : "no",
      String(Math.max(0, since)),
      String(Math.max(0, -limit)),
      stream ?? "stdout,stderr",
      // Other programs' pods print columns; the time is what lines are put in order by.
      ["ts", ...columnsOf(details).filter((column) => column !== "ts")].join(","),
      supervisor ? "yes" : "no",
      String(releases.length),
      ...releases.map(({ pod, version }) => `${pod}/${version}`),
      ...containers,
    ],
  };
}

const columnsOf = (details: string | undefined) => (details ?? "ts,name").split(",");

/** Prints lines as text or as JSON. */
function printer(
  deps: Deps,
  groups: readonly (readonly Release[])[],
  { json, details }: LogsOptions,
): (lines: readonly ShownLine[]) => void {
  const columns = columnsOf(details);
  const labels = groups.map((group) => group.map(labelFor(groups.flat())));
  const width = Math.max(0, ...labels.flat().map((label) => label.length));
  const format = ({ host, source, time, text }: ShownLine): string => {
    const line = parsePodLine(time, text);
    const { pod, version, host: { name } } = groups[host]![source]!;
    if (json) {
      const { time, ...rest } = line;
      return JSON.stringify({ time, host: name, pod, version, ...rest });
    }
    const now = unixSeconds(deps.now());
    return `${labels[host]![source]!.padEnd(width)}  ${formatPodLine(line, columns, now)}`;
  };
  return (lines) => deps.stdout(lines.map((line) => `${format(line)}\n`).join(""));
}

/** As much of a release's name as tells it from the others. */
function labelFor(all: readonly Release[]): (release: Release) => string {
  const pods = new Set(all.map(({ pod }) => pod));
  const named = new Set(all.map(({ pod, version }) => `${pod}:${version}`));
  return (release) =>
    pods.size === 1 && named.size === 1
      ? release.host.name
      : named.size === pods.size
      ? `${release.pod}@${release.host.name}`
      : releaseName(release);
}
