/** Makes a host home, and brings the logins to registries to it. */
import { join } from "node:path";
import type { HostResult } from "../../daemon/mod.ts";
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import type { Cluster } from "../project/cluster.ts";
import { readTextIfPresent } from "../project/files.ts";
import { allHosts, type HostDir } from "../project/host.ts";
import { refuseHostConflicts } from "../project/host_conflicts.ts";
import { mergeLogins, REGISTRY_CONFIG } from "../project/registry_config.ts";
import { REMOTE_PROGRAMS } from "../remote/programs.ts";

const TIMEOUT_MS = 60_000;

/**
 * Makes the host's home one of this cluster; harmless when it is.
 *
 * @param force take it over from another cluster
 * @returns how that ended: REMOTE_EXIT.foreignCluster when it belongs to another one
 * @throws {UserError} when it failed otherwise
 */
export async function initHost(
  deps: Deps,
  cluster: Cluster,
  host: HostDir,
  force: boolean,
): Promise<HostResult> {
  const { name, env } = host;
  await refuseHostConflicts(cluster, await allHosts(cluster), `initialise "${name}"`);
  const logins = await registryLogins(deps, cluster, host);
  return await deps.connect(host).run({
    script: REMOTE_PROGRAMS.initHost,
    args: [env.hostHome, cluster.id, force ? "yes" : "no", logins === undefined ? "no" : "yes"],
    ...(logins === undefined ? {} : { stdin: new TextEncoder().encode(logins) }),
    timeoutMs: TIMEOUT_MS,
    signal: deps.signal,
  });
}

/** How messages name the home of a host. */
export function homePlace({ env }: HostDir): string {
  return env.hostHome.startsWith("/") ? env.hostHome : join("~", env.hostHome);
}

/**
 * The logins of registry-config.json for `host` beside those that its account has; a local host shares the
 * account of whoever runs this.
 */
async function registryLogins(
  deps: Deps,
  cluster: Cluster,
  host: HostDir,
): Promise<string | undefined> {
  for (const dir of [host.dir, cluster.root]) {
    const path = join(dir, REGISTRY_CONFIG);
    const text = await readTextIfPresent(path);
    if (text === undefined || text.trim() === "") continue;
    if (host.env.host !== "local") return mergeLogins(await loginsThere(deps, host), text, path);
    deps.log.info(`${path} is not for local hosts: podman has your own logins`);
    return undefined;
  }
  return undefined;
}

async function loginsThere(deps: Deps, host: HostDir): Promise<string> {
  const { code, stdout, stderr } = await deps.connect(host).run({
    script: REMOTE_PROGRAMS.registryLogins,
    args: [host.env.hostHome],
    timeoutMs: TIMEOUT_MS,
    signal: deps.signal,
  });
  if (code === 0) return new TextDecoder().decode(stdout);
  throw new UserError(`Cannot initialise "${host.name}": ${stderr.trim()}`);
}
