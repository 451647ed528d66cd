/** Hosts of a project: the directories that hold a host.env. */
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import { isDirectory, readTextIfPresent, visibleNames, writeFileAtomic } from "./files.ts";
import { type HostEnv, parseHostEnv } from "./host_env.ts";
import { isHostName } from "./pod_ref.ts";

/** Beside host.env: how its administrator logs in. */
export const SUPER_USER_ENV = "host-superuser.env";

export const HOST_STATES = ["active", "inactive", "disabled"] as const;
/** active: takes part in all; inactive: drains; disabled: left alone. */
export type HostState = (typeof HOST_STATES)[number];

export interface HostDir {
  readonly name: string;
  /** Absolute path of its directory in the project. */
  readonly dir: string;
  readonly state: HostState;
  readonly env: HostEnv;
}

/** All hosts of the project, sorted by name. */
export async function allHosts(cluster: Cluster): Promise<HostDir[]> {
  const names = await visibleNames(cluster.root, (entry) => entry.isDirectory);
  const hosts: HostDir[] = [];
  for (const name of names) {
    const host = await readHost(cluster, name);
    if (host !== undefined) hosts.push(host);
  }
  return hosts;
}

/** The hosts that commands work on by default: all but the disabled ones. */
export async function usableHosts(cluster: Cluster): Promise<HostDir[]> {
  return (await allHosts(cluster)).filter(({ state }) => state !== "disabled");
}

/**
 * One host by its name.
 *
 * @throws {UserError} when the project has no such host
 */
export async function getHost(cluster: Cluster, name: string): Promise<HostDir> {
  const host = isHostName(name) ? await readHost(cluster, name) : undefined;
  if (host !== undefined) return host;
  const known = (await allHosts(cluster)).map((each) => each.name);
  throw new UserError(`No host "${name}" in the cluster project ${cluster.root}`, {
    hint: known.length > 0
      ? `one of ${known.join(", ")}, or make it with: sns host register ${name} -a <address>`
      : `sns host register ${name} -a <address>`,
  });
}

async function readHost(cluster: Cluster, name: string): Promise<HostDir | undefined> {
  const dir = join(cluster.root, name);
  if (!await isDirectory(dir)) return undefined;
  const text = await readTextIfPresent(join(dir, "host.env"));
  if (text === undefined) return undefined;
  const env = parseHostEnv(text, `${name}/host.env`);
  return { name, dir, state: await readState(dir, name), env };
}

async function readState(dir: string, name: string): Promise<HostState> {
  const text = (await readTextIfPresent(join(dir, "host.state")))?.trim() ?? "active";
  const state = HOST_STATES.find((known) => known === text);
  if (state !== undefined) return state;
  throw new UserError(`Cannot use host "${name}": ${name}/host.state says "${text}"`, {
    hint: `sns host state ${name} -s active (or inactive, disabled)`,
  });
}

/** Sets what `host.state` says. */
export async function writeHostState(host: HostDir, state: HostState): Promise<void> {
  await writeFileAtomic(join(host.dir, "host.state"), `${state}\n`);
}
