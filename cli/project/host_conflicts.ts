/** What two hosts of a project must not share, and where a host home must not be. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { UserError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { HostDir } from "./host.ts";
import { formatHostAddress, parseHostAddress } from "../../proxy/conf/mod.ts";

/** A host, and the place of its home as far as this machine can tell. */
export interface PlacedHost {
  readonly name: string;
  /** The same for two hosts only when they have the same home. */
  readonly place: string;
  /** Absolute path of the home when it is on this machine. */
  readonly localHome?: string;
  readonly routerAddress: string;
}

/** Finds out where the home of `host` is; links in the path of a local one are followed. */
export async function placeHost(host: Pick<HostDir, "name" | "env">): Promise<PlacedHost> {
  const { name, env: { host: address, port, user, jumpHost, hostHome, routerAddress } } = host;
  if (address !== "local") {
    // A private address means another machine behind another jump host.
    const via = jumpHost === "" ? "" : ` via ${jumpHost}`;
    const place = `${user}@${address}:${port}:${join("/~", hostHome)}${via}`;
    return { name, place, routerAddress };
  }
  const localHome = await realPath(resolve(homedir(), hostHome));
  return { name, place: localHome, localHome, routerAddress };
}

/** The path without links, as far as it exists. */
async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const parent = resolve(path, "..");
    return parent === path ? path : join(await realPath(parent), path.slice(parent.length));
  }
}

/**
 * A sentence for each conflict. Two hosts with one home would take each other's pods away with every
 * sync; two with one router address would bind the same sockets.
 *
 * @param root the project's directory, without links
 */
export function findHostConflicts(hosts: readonly PlacedHost[], root: string): string[] {
  const conflicts: string[] = [];
  for (const { name, localHome } of hosts) {
    if (localHome !== undefined && `${localHome}/`.startsWith(`${root}/`)) {
      conflicts.push(`HOSTHOME of "${name}" lies in the project: ${localHome}`);
    }
  }
  hosts.forEach((host, index) => {
    for (const other of hosts.slice(0, index)) {
      const both = `"${other.name}" and "${host.name}" have the same`;
      if (other.place === host.place) conflicts.push(`${both} HOSTHOME: ${host.place}`);
      const router = routerOf(host);
      if (router !== undefined && router === routerOf(other)) {
        conflicts.push(`${both} ROUTERADDRESS: ${router}`);
      }
    }
  });
  return conflicts;
}

function routerOf({ routerAddress }: PlacedHost): string | undefined {
  const address = parseHostAddress(routerAddress);
  return address && formatHostAddress(address);
}

/**
 * Checks `hosts` against each other, without the disabled ones.
 *
 * @param action what can't be done then, for the message
 * @throws {UserError} naming the conflicts
 */
export async function refuseHostConflicts(
  cluster: Cluster,
  hosts: readonly Pick<HostDir, "name" | "env" | "state">[],
  action: string,
): Promise<void> {
  const usable = hosts.filter(({ state }) => state !== "disabled");
  const placed = await Promise.all(usable.map(placeHost));
  const conflicts = findHostConflicts(placed, await Deno.realPath(cluster.root));
  if (conflicts.length === 0) return;
  throw new UserError(`Cannot ${action}: ${conflicts.join("\n")}`, {
    hint: "give each host its own HOSTHOME, outside the project, and its own ROUTERADDRESS" +
      " (host.env in its directory)",
  });
}
