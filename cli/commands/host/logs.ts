import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { integer } from "@optique/core/valueparser";
import { defineCommand, flag, hostArgument, valueOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { type Cluster, findCluster, PROJECT_FILES } from "../../project/cluster.ts";
import { statIfPresent, visibleNames } from "../../project/files.ts";
import { getHost, type HostDir, usableHosts } from "../../project/host.ts";
import { REMOTE_PROGRAMS } from "../../remote/programs.ts";

export interface LogsOptions {
  readonly host: string | undefined;
  readonly limit: number | undefined;
  readonly follow: boolean;
  readonly sync: boolean;
}

const DEFAULT_LIMIT = 100;
const SUPER_USER_ENV = "host-superuser.env";

export const definition = defineCommand<LogsOptions>({
  description:
    "Prints what the daemons wrote to the journals of their hosts, one host after the other." +
    " The administrator of host-superuser.env asks where there is one.\nWith --sync it prints what the" +
    " last syncs did there, from _synclogs of the project.",
  example: "sns host logs web1 -l 50\nsns host logs web1 --follow\nsns host logs web1 --sync",
  parser: object({
    host: optional(hostArgument()),
    limit: optional(
      valueOption(
        ["-l", "--limit"],
        integer({ metavar: "N", min: 1 }),
        `The last N lines (default ${DEFAULT_LIMIT}), or the last N syncs`,
      ),
    ),
    follow: flag(["-f", "--follow"], "Go on with what is written from now on; one host only"),
    sync: flag(["--sync"], "The log of the syncs instead"),
  }),
  run,
});

async function run(deps: Deps, options: LogsOptions): Promise<number> {
  const { follow, sync } = options;
  const cluster = await findCluster(deps.cwd, deps.env);
  const hosts = options.host === undefined
    ? await usableHosts(cluster)
    : [await getHost(cluster, options.host)];
  if (sync) return await showSyncs(deps, cluster, hosts, options.limit ?? 1);
  if (follow && hosts.length > 1) {
    throw new UserError("Cannot follow the logs of several hosts", { hint: "name one of them" });
  }
  const { runInteractive } = await import("../../transport/interactive.ts");
  let worst = 0;
  for (const host of hosts) {
    if (hosts.length > 1) deps.stdout(`Daemon logs for host '${host.name}':\n`);
    const superUser = host.env.host !== "local" &&
      await statIfPresent(join(host.dir, SUPER_USER_ENV)) !== undefined;
    const code = await runInteractive(deps, host, {
      script: REMOTE_PROGRAMS.daemonLog,
      args: [String(options.limit ?? DEFAULT_LIMIT), follow ? "yes" : "no"],
      ...(superUser ? { envFile: SUPER_USER_ENV } : {}),
    });
    if (code !== 0) worst = 1;
  }
  return worst;
}

/** Prints the hosts' blocks of the last `limit` sync logs, oldest first. */
async function showSyncs(
  { stdout, log }: Deps,
  cluster: Cluster,
  hosts: readonly HostDir[],
  limit: number,
): Promise<number> {
  const dir = join(cluster.root, PROJECT_FILES.syncLogs);
  const names = (await visibleNames(dir)).filter((name) => name.endsWith(".sync.log.txt"))
    .sort((a, b) => parseInt(a) - parseInt(b));
  const wanted = new Set(hosts.map(({ name }) => name));
  const blocks: string[] = [];
  for (const name of names) {
    const text = await Deno.readTextFile(join(dir, name));
    const time = new Date(parseInt(name) * 1000).toISOString();
    const own = text.split(/^(?=\[SYNC\] {2}Host: )/m)
      .filter((block) => wanted.has(/^\[SYNC\] {2}Host: (\S+)/.exec(block)?.[1] ?? ""));
    if (own.length > 0) blocks.push(`${time}\n${own.join("")}`);
  }
  if (blocks.length === 0) log.info("No sync is recorded");
  stdout(blocks.slice(-limit).join(""));
  return 0;
}
