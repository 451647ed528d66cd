/** Ports of releases: which are taken, which clash, and which to hand out. Nothing here does I/O. */
import { AUTO_CLUSTER_PORTS, AUTO_HOST_PORTS, type PortRange } from "../../proxy/conf/mod.ts";
import { UserError } from "../errors.ts";

/** A port that a pod binds on its host. */
export interface BoundPort {
  readonly port: number;
  /** Address that pod.yaml binds it to; absent: the host's internal one. */
  readonly hostInterface?: string;
  /** TCP when absent, as all cluster ports are. */
  readonly protocol?: "udp";
}

/** The ports that one release has. */
export interface ReleasePorts {
  readonly host: string;
  readonly pod: string;
  readonly version: string;
  /** A removed release claims nothing, but its ports are handed out again last. */
  readonly removed: boolean;
  readonly hostPorts: readonly BoundPort[];
  readonly clusterPorts: readonly number[];
  /** What was assigned to its variables. */
  readonly assigned: ReadonlyMap<string, number>;
}

const label = ({ pod, version, host }: ReleasePorts) => `${pod}:${version}@${host}`;

/**
 * The ports of `names` (CLUSTERPORTAUTO…) for a pod version: the same as on the hosts that have this
 * version already, else the lowest free ones.
 *
 * @param releases all releases of the cluster
 * @throws {UserError} when the range is used up
 */
export function assignClusterPorts(
  names: readonly string[],
  target: { readonly pod: string; readonly version: string },
  releases: readonly ReleasePorts[],
): Map<string, number> {
  const known = new Map(
    releases.filter(({ pod, version }) => pod === target.pod && version === target.version)
      .flatMap(({ assigned }) => [...assigned]),
  );
  const taken = claimedPorts(releases);
  return assign(names, AUTO_CLUSTER_PORTS, taken, known, "cluster");
}

/**
 * The lowest free host ports of one host for `names` (HOSTPORTAUTO…).
 *
 * @param releases those of this host
 * @throws {UserError} when the range is used up
 */
export function assignHostPorts(
  names: readonly string[],
  host: string,
  releases: readonly ReleasePorts[],
): Map<string, number> {
  const own = releases.filter((release) => release.host === host);
  return assign(names, AUTO_HOST_PORTS, claimedPorts(own), new Map(), `host "${host}"`);
}

interface Claims {
  readonly live: ReadonlySet<number>;
  readonly removed: ReadonlySet<number>;
}

function claimedPorts(releases: readonly ReleasePorts[]): Claims {
  const portsOf = (wanted: boolean) =>
    new Set(
      releases.filter(({ removed }) => removed === wanted).flatMap((release) => [
        ...release.hostPorts.map(({ port }) => port),
        ...release.clusterPorts,
        ...release.assigned.values(),
      ]),
    );
  return { live: portsOf(false), removed: portsOf(true) };
}

function assign(
  names: readonly string[],
  range: PortRange,
  claims: Claims,
  known: ReadonlyMap<string, number>,
  what: string,
): Map<string, number> {
  const ports = new Map<string, number>();
  const handedOut = new Set<number>();
  for (const name of names) {
    const port = known.get(name) ??
      lowestFree(range, claims, new Set([...handedOut, ...known.values()]));
    if (port === undefined) {
      throw new UserError(
        `Cannot assign \${${name}}: all ports ${range.first}-${range.last} of the ${what} are taken`,
        { hint: "set old releases to removed: sns pod state <pod:version> -s removed" },
      );
    }
    ports.set(name, port);
    handedOut.add(port);
  }
  return ports;
}

/** Ports of removed releases come last: their pods may still be about to end. */
function lowestFree(
  range: PortRange,
  { live, removed }: Claims,
  handedOut: ReadonlySet<number>,
): number | undefined {
  let second: number | undefined;
  for (let port = range.first; port <= range.last; port++) {
    if (live.has(port) || handedOut.has(port)) continue;
    if (!removed.has(port)) return port;
    second ??= port;
  }
  return second;
}

/**
 * The clashes among releases, a sentence each: a host port that two releases of a host bind, or
 * one that equals a cluster port. Removed releases don't count.
 */
export function findPortClashes(releases: readonly ReleasePorts[]): string[] {
  const clashes: string[] = [];
  const live = releases.filter(({ removed }) => !removed);
  live.forEach((release, index) => {
    const others = live.slice(index + 1).filter(({ host }) => host === release.host);
    for (const other of others) clashes.push(...clashesBetween(release, other));
    for (const other of [release, ...others]) clashes.push(...crossings(release, other));
  });
  return clashes;
}

function clashesBetween(a: ReleasePorts, b: ReleasePorts): string[] {
  return a.hostPorts
    .filter((mine) => b.hostPorts.some((theirs) => overlap(mine, theirs)))
    .map(({ port, protocol }) =>
      `host port ${port}${protocol === undefined ? "" : "/udp"} is used by ${label(a)} and by ${
        label(b)
      }`
    );
}

/** The same port on two different addresses is no clash, nor is it by TCP and by UDP. */
function overlap(a: BoundPort, b: BoundPort): boolean {
  const wide = (address: string) => address === "0.0.0.0" || address === "::";
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  if (a.hostInterface === undefined || b.hostInterface === undefined) return true;
  return a.hostInterface === b.hostInterface || wide(a.hostInterface) || wide(b.hostInterface);
}

function crossings(a: ReleasePorts, b: ReleasePorts): string[] {
  const cross = (x: ReleasePorts, y: ReleasePorts) =>
    x.hostPorts.filter(({ port, protocol }) =>
      protocol === undefined && y.clusterPorts.includes(port)
    )
      .map(({ port }) =>
        `port ${port} is host port of ${label(x)} and cluster port of ${label(y)}`
      );
  return a === b ? cross(a, a) : [...cross(a, b), ...cross(b, a)];
}
