import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { multiple, optional } from "@optique/core/modifiers";
import { integer } from "@optique/core/valueparser";
import { defineCommand, flag, hostArgument, jsonFlag, valueOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { followFlag, type Since, sinceOption } from "../../logs/options.ts";
import { type HostLogs, showLogs, type ShownLine } from "../../logs/show.ts";
import { findCluster } from "../../project/cluster.ts";
import { statIfPresent } from "../../project/files.ts";
import { getHost, type HostDir, SUPER_USER_ENV, usableHosts } from "../../project/host.ts";
import { unixSeconds } from "../../project/log.ts";
import { syncLogs } from "../../project/sync_logs.ts";
import { REMOTE_PROGRAMS } from "../../remote/programs.ts";

export interface LogsOptions {
  readonly hosts: readonly string[];
  readonly tail: number | undefined;
  readonly since: Since | undefined;
  readonly follow: boolean;
  readonly sync: boolean;
  readonly json: boolean;
}

const DEFAULT_TAIL = 100;

export const definition = defineCommand<LogsOptions>({
  description:
    "Prints what the daemons wrote to the journals of their hosts, by time, each line behind" +
    " its host. The administrator of host-superuser.env asks where there is one. With --follow it goes" +
    " on; a host that can't be reached is told and tried again until it is back.\nWith --sync it prints" +
    " what the last syncs did there, from _synclogs of the project. With --json each line is an object.\n" +
    "Exit code 1: some logs could not be read.",
  example:
    "sns host logs web1 --tail=50\nsns host logs --follow --since=10m\nsns host logs web1 --sync",
  parser: object({
    hosts: multiple(hostArgument()),
    tail: optional(
      valueOption(
        ["--tail", "-l", "--limit"],
        integer({ metavar: "N", min: 1 }),
        `The last N lines (default ${DEFAULT_TAIL}, all with --since), or the last N syncs (default 1)`,
      ),
    ),
    since: sinceOption(),
    follow: followFlag(),
    sync: flag(["--sync"], "The log of the syncs instead"),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: LogsOptions): Promise<number> {
  const { follow, sync, since } = options;
  const cluster = await findCluster(deps.cwd, deps.env);
  const hosts: HostDir[] = [];
  for (const name of new Set(options.hosts)) hosts.push(await getHost(cluster, name));
  if (hosts.length === 0) hosts.push(...await usableHosts(cluster));
  if (hosts.length === 0) throw new UserError("There is no active or inactive host");
  if (sync) {
    if (follow) throw new UserError("The log of the syncs can't be followed");
    const blocks = await syncLogs(cluster, hosts.map(({ name }) => name));
    return showSyncs(deps, blocks.slice(-(options.tail ?? 1)), options.json);
  }
  const tail = options.tail ?? (since === undefined ? DEFAULT_TAIL : 0);
  const sources: HostLogs[] = [];
  for (const host of hosts) sources.push(await logsOfHost(deps, host, follow, tail));
  const all = await showLogs(sources, {
    follow,
    since: since?.(unixSeconds(deps.now())) ?? 0,
    limit: -tail,
    print: printer(deps, hosts, options.json),
    log: deps.log,
    signal: deps.signal,
  });
  return all ? 0 : 1;
}

async function logsOfHost(
  deps: Deps,
  host: HostDir,
  follow: boolean,
  tail: number,
): Promise<HostLogs> {
  const superUser = host.env.host !== "local" &&
    await statIfPresent(join(host.dir, SUPER_USER_ENV)) !== undefined;
  return {
    host: superUser
      ? (await deps.ssh()).host(host.name, host.dir, SUPER_USER_ENV)
      : deps.connect(host),
    script: REMOTE_PROGRAMS.daemonLog,
    labels: [host.name],
    args: (since) => [follow ? "yes" : "no", String(Math.max(0, since)), String(tail)],
  };
}

function printer(
  { stdout }: Deps,
  hosts: readonly HostDir[],
  json: boolean,
): (lines: readonly ShownLine[]) => void {
  const width = Math.max(...hosts.map(({ name }) => name.length));
  const format = ({ host: index, time, text }: ShownLine): string => {
    const host = hosts[index]!.name;
    const seconds = Number(time);
    if (json) return JSON.stringify({ time: seconds, host, text });
    const iso = new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z");
    return `${host.padEnd(width)}  ${iso} ${text}`;
  };
  return (lines) => stdout(lines.map((line) => `${format(line)}\n`).join(""));
}

function showSyncs(
  { stdout, log }: Deps,
  syncs: Awaited<ReturnType<typeof syncLogs>>,
  json: boolean,
): number {
  if (syncs.length === 0) log.info("No sync is recorded");
  for (const { time, hosts } of syncs) {
    if (!json) stdout(`${new Date(time * 1000).toISOString()}\n`);
    for (const { host, text } of hosts) {
      stdout(json ? `${JSON.stringify({ time, host, text })}\n` : text);
    }
  }
  return 0;
}
