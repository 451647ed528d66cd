import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { defineCommand, flag, hostArgument } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { type Cluster, findCluster } from "../../project/cluster.ts";
import { readTextIfPresent } from "../../project/files.ts";
import { allHosts, getHost, type HostDir } from "../../project/host.ts";
import { refuseHostConflicts } from "../../project/host_conflicts.ts";
import { REGISTRY_CONFIG } from "../../project/registry_config.ts";
import { REMOTE_EXIT, REMOTE_PROGRAMS } from "../../remote/programs.ts";

export interface InitOptions {
  readonly host: string;
  readonly force: boolean;
}

const TIMEOUT_MS = 60_000;

export const definition = defineCommand<InitOptions>({
  description:
    "Makes HOSTHOME on the host and writes the cluster's id there; brings the logins of" +
    " registry-config.json to SSH hosts. Running it again is harmless.\nExit code 2: the host belongs to" +
    " another cluster.",
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
  const logins = await registryLogins(deps, cluster, host);
  const { code, stderr } = await deps.connect(host).run({
    script: REMOTE_PROGRAMS.initHost,
    args: [
      ...[host.env.hostHome, cluster.id, force ? "yes" : "no"],
      logins === undefined ? "no" : "yes",
    ],
    ...(logins === undefined ? {} : { stdin: new TextEncoder().encode(logins) }),
    timeoutMs: TIMEOUT_MS,
    signal: deps.signal,
  });
  if (code === REMOTE_EXIT.foreignCluster) {
    deps.log.error(`Cannot initialise "${name}": ${stderr.trim()}`);
    deps.log.info("Try: check HOSTHOME in its host.env, or add --force to take it over");
    return REMOTE_EXIT.foreignCluster;
  }
  if (code !== 0) throw new UserError(`Cannot initialise "${name}": ${stderr.trim()}`);
  const home = join("~", host.env.hostHome);
  const place = host.env.hostHome.startsWith("/") ? host.env.hostHome : home;
  deps.log.ok(`The host "${name}" is ready for the cluster ${cluster.id}, with its home ${place}`);
  return 0;
}

/** The text of registry-config.json for `host`; a local host shares the account of whoever runs this. */
async function registryLogins(
  { log }: Deps,
  cluster: Cluster,
  host: HostDir,
): Promise<string | undefined> {
  for (const dir of [host.dir, cluster.root]) {
    const text = await readTextIfPresent(join(dir, REGISTRY_CONFIG));
    if (text === undefined || text.trim() === "") continue;
    if (host.env.host !== "local") return text;
    log.info(`${join(dir, REGISTRY_CONFIG)} is not for local hosts: podman has your own logins`);
    return undefined;
  }
  return undefined;
}
