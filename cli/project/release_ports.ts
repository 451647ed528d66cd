/**
 * The ports of the releases on disk: `.ports`, which compile writes into a release, and
 * `pod.portmappings.conf` for releases made by programs that don't write it.
 *
 * `.ports` holds `NAME=port` for each assigned variable and `hostPort=port` or
 * `hostPort=address:port` for each port that the pod binds on its host, with `/udp` behind those of UDP.
 */
import { join } from "node:path";
import { parsePortMappings } from "../../proxy/conf/mod.ts";
import { attachedPods } from "./attachment.ts";
import { readTextIfPresent } from "./files.ts";
import type { HostDir } from "./host.ts";
import type { BoundPort, ReleasePorts } from "./ports.ts";
import { podReleases, type Release } from "./release.ts";
import { mappingsText } from "./traffic.ts";

export const PORTS_FILE = ".ports";

/** The text of `.ports`. */
export function formatPortsFile(
  assigned: ReadonlyMap<string, number>,
  bound: readonly BoundPort[],
): string {
  const lines = [...assigned].map(([name, port]) => `${name}=${port}`);
  for (const { port, hostInterface, protocol } of bound) {
    const address = hostInterface === undefined ? "" : `${hostInterface}:`;
    lines.push(`hostPort=${address}${port}${protocol === undefined ? "" : `/${protocol}`}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** The inverse of {@link formatPortsFile}; lines of another form are passed over. */
export function parsePortsFile(
  text: string,
): { assigned: Map<string, number>; bound: BoundPort[] } {
  const assigned = new Map<string, number>();
  const bound: BoundPort[] = [];
  for (const line of text.split("\n")) {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=(?:(.+):)?([0-9]{1,5})(\/udp)?$/.exec(line);
    if (!match) continue;
    const [, name, hostInterface, digits, udp] = match;
    const port = Number(digits);
    if (name !== "hostPort") assigned.set(name!, port);
    else {
      bound.push({
        port,
        ...(hostInterface === undefined ? {} : { hostInterface }),
        ...(udp === undefined ? {} : { protocol: "udp" }),
      });
    }
  }
  return { assigned, bound };
}

/** The ports of one release. */
export async function releasePorts(release: Release): Promise<ReleasePorts> {
  const own = await readTextIfPresent(join(release.dir, PORTS_FILE));
  const { assigned, bound } = parsePortsFile(own ?? "");
  const mappings = await mappingsText(release);
  const { entries } = parsePortMappings(mappings ?? "");
  return {
    host: release.host.name,
    pod: release.pod,
    version: release.version,
    removed: release.state === "removed",
    hostPorts: own === undefined ? entries.map(({ hostPort }) => ({ port: hostPort })) : bound,
    clusterPorts: entries.map(({ clusterPort }) => clusterPort),
    assigned,
  };
}

/** The ports of all releases of the pods attached to `hosts`. */
export async function allReleasePorts(hosts: readonly HostDir[]): Promise<ReleasePorts[]> {
  const ports: ReleasePorts[] = [];
  for (const host of hosts) {
    for (const pod of await attachedPods(host)) {
      for (const release of await podReleases(host, pod)) ports.push(await releasePorts(release));
    }
  }
  return ports;
}
