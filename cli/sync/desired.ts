/** Reads from the project what each host should hold. */
import { join } from "node:path";
import { RELEASE_FILES } from "../../daemon/mod.ts";
import type { Cluster } from "../project/cluster.ts";
import { configChecksum, configShape, fileChecksum } from "../project/config_checksum.ts";
import { statIfPresent, visibleNames } from "../project/files.ts";
import type { HostDir } from "../project/host.ts";
import { hostReleases, type Release, saysStartFirst } from "../project/release.ts";
import { hostsConfFor, type RoutedHost } from "./hosts_conf.ts";
import type { ConfigSums, DesiredHost, DesiredRelease } from "./state.ts";

/** Files of a release that hosts get, beside pod.state and the configs. */
const DELIVERED = [RELEASE_FILES.pod, RELEASE_FILES.portMappings, RELEASE_FILES.ingress];

/**
 * What `host` should hold.
 *
 * @param hosts all hosts of the project
 * @param chain full ids of HEAD's history, HEAD last
 */
export async function desiredHost(
  cluster: Cluster,
  host: HostDir,
  hosts: readonly HostDir[],
  chain: readonly string[],
): Promise<DesiredHost> {
  const releases: DesiredRelease[] = [];
  for (const release of await hostReleases(host)) releases.push(await desiredRelease(release));
  const routed = hosts.map((each): RoutedHost => ({
    ...each,
    routerAddress: each.env.routerAddress,
  }));
  const own = { ...host, routerAddress: host.env.routerAddress };
  return {
    name: host.name,
    clusterId: cluster.id,
    hostsConf: hostsConfFor(own, routed),
    chain,
    releases,
  };
}

async function desiredRelease(release: Release): Promise<DesiredRelease> {
  const { pod, version, state, dir } = release;
  const files = new Map<string, string>();
  for (const name of DELIVERED) {
    const path = join(dir, name);
    if (await statIfPresent(path)) files.set(name, await fileChecksum(path));
  }
  const startsFirst = await saysStartFirst(release);
  return { pod, version, state, startsFirst, files, configs: await configSums(dir) };
}

/** The checksums of what is on disk now; those in the `.txt` files are only a record of the compile. */
async function configSums(release: string): Promise<Map<string, ConfigSums>> {
  const root = join(release, RELEASE_FILES.config);
  const sums = new Map<string, ConfigSums>();
  for (const name of await visibleNames(root, (entry) => entry.isDirectory)) {
    const dir = join(root, name);
    sums.set(name, { checksum: await configChecksum(dir), shape: await configShape(dir) });
  }
  return sums;
}
