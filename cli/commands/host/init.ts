import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { defineCommand, flag, hostArgument } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { statIfPresent } from "../../project/files.ts";
import { allHosts, getHost } from "../../project/host.ts";
import { refuseHostConflicts } from "../../project/host_conflicts.ts";
import { REMOTE_EXIT, REMOTE_PROGRAMS } from "../../remote/programs.ts";

export interface InitOptions {
  readonly host: string;
  readonly force: boolean;
}

const TIMEOUT_MS = 60_000;

export const definition = defineCommand<InitOptions>({
  description: "Makes HOSTHOME on the host and writes the cluster's id there. Running it again is" +
    " harmless. Exit code 2: the host belongs to another cluster.",
  example: "sns host init h1",
  parser: object({
    host: hostArgument(),
    force: flag(["-f", "--force"], "Take the host over from another cluster"),
  }),
  run,
});

async function run(deps: Deps, { host: name, force }: InitOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const host = await getHost(cluster, name);
  await refuseHostConflicts(cluster, await allHosts(cluster), `initialise "${name}"`);
  const { code, stderr } = await deps.connect(host).run({
    script: REMOTE_PROGRAMS.initHost,
    args: [host.env.hostHome, cluster.id, force ? "yes" : "no"],
    timeoutMs: TIMEOUT_MS,
    signal: deps.signal,
  });
  if (code === REMOTE_EXIT.foreignCluster) {
    deps.log.error(`Cannot initialise "${name}": ${stderr.trim()}`);
    deps.log.info("Try: check HOSTHOME in its host.env, or add --force to take it over");
    return REMOTE_EXIT.foreignCluster;
  }
  if (code !== 0) throw new UserError(`Cannot initialise "${name}": ${stderr.trim()}`);
  for (const dir of [host.dir, cluster.root]) {
    if (!await statIfPresent(join(dir, "registry-config.json"))) continue;
    deps.log.warn("registry-config.json is not delivered to hosts by this version");
    break;
  }
  const home = join("~", host.env.hostHome);
  const place = host.env.hostHome.startsWith("/") ? host.env.hostHome : home;
  deps.log.ok(`The host "${name}" is ready for the cluster ${cluster.id}, with its home ${place}`);
  return 0;
}
