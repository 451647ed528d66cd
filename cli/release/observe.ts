/** Looks at the project and the hosts for a release. Changes nothing. */
import type { Deps } from "../deps.ts";
import { describeError } from "../errors.ts";
import { parseHostAddress, parsePortMappings } from "../../proxy/conf/mod.ts";
import { attachedPods } from "../project/attachment.ts";
import type { Cluster } from "../project/cluster.ts";
import { readTextIfPresent } from "../project/files.ts";
import { type HostDir, usableHosts } from "../project/host.ts";
import { podReleases, type Release } from "../project/release.ts";
import { parsePortsFile, PORTS_FILE } from "../project/release_ports.ts";
import { canBeParked, isParked, mappingsText } from "../project/traffic.ts";
import { type LiveHost, liveHost, liveness } from "../sync/live.ts";
import { canonicalAddress } from "../sync/local_ends.ts";
import { mapParallel } from "../sync/parallel.ts";
import type { LiveReplica, Replica } from "./model.ts";
import { replicaName } from "./plan.ts";
import { join } from "node:path";

const PARALLEL = 10;
/** A host that takes longer than this to answer gave no answer, this time. */
const ANSWER_MS = 10_000;

/** One release on one host, by names. */
export interface ReplicaRef {
  readonly host: string;
  readonly pod: string;
  readonly version: string;
}

/** Which pods a release is about, and what is to run of them in the end. */
export interface Scope {
  readonly pods: ReadonlySet<string>;
  readonly wanted: readonly ReplicaRef[];
}

export interface Observation {
  readonly replicas: readonly Replica[];
  /** Why hosts gave no answer, by their names. */
  readonly silent: ReadonlyMap<string, string>;
}

/** A release in the project, with what is needed to recognise its traffic. */
interface Known {
  readonly release: Release;
  readonly parked: boolean;
  /** Whether it can have traffic at all. */
  readonly parkable: boolean;
  readonly routes: readonly { readonly clusterPort: number; readonly hostPort: number }[];
  /** Address by host port; the default one of the host when absent. */
  readonly addresses: ReadonlyMap<number, string>;
}

/** Looks at all releases of the pods in scope, and at how they are doing on their hosts. */
export async function observeReplicas(
  deps: Pick<Deps, "connect" | "signal">,
  cluster: Cluster,
  scope: Scope,
): Promise<Observation> {
  const hosts = await usableHosts(cluster);
  const silent = new Map<string, string>();
  const results = await mapParallel(hosts, PARALLEL, async (host) => {
    const known = await knownReleases(host, scope.pods);
    const wanted = scope.wanted.filter((each) => each.host === host.name);
    if (known.length === 0 && wanted.length === 0) return [];
    const ports = [...new Set(known.flatMap(({ routes }) => routes.map((each) => each.hostPort)))];
    const live = await liveHost(
      deps.connect(host),
      host.env.hostHome,
      deps.signal,
      ports,
      ANSWER_MS,
    )
      .catch((error) => {
        silent.set(host.name, describeError(error)[0]!);
        return undefined;
      });
    return replicasOf(host, known, wanted, live);
  });
  const replicas: Replica[] = [];
  for (const result of results) {
    if (result.status === "rejected") throw result.reason;
    replicas.push(...result.value);
  }
  deps.signal.throwIfAborted();
  return { replicas, silent };
}

async function knownReleases(host: HostDir, pods: ReadonlySet<string>): Promise<Known[]> {
  const known: Known[] = [];
  for (const pod of (await attachedPods(host)).filter((each) => pods.has(each))) {
    for (const release of await podReleases(host, pod)) {
      const { entries } = parsePortMappings(await mappingsText(release) ?? "");
      const { bound } = parsePortsFile(
        await readTextIfPresent(join(release.dir, PORTS_FILE)) ?? "",
      );
      known.push({
        release,
        parked: await isParked(release),
        parkable: await canBeParked(release),
        routes: entries,
        addresses: new Map(
          bound.flatMap(({ port, hostInterface }) =>
            hostInterface === undefined ? [] : [[port, hostInterface] as const]
          ),
        ),
      });
    }
  }
  return known;
}

function replicasOf(
  host: HostDir,
  known: readonly Known[],
  wanted: readonly ReplicaRef[],
  live: LiveHost | undefined,
): Replica[] {
  const names = new Set(wanted.map(replicaName));
  const present = known.map((each): Replica => {
    const { pod, version, state } = each.release;
    const replica = { host: host.name, pod, version };
    const wanted = names.has(replicaName(replica));
    // What has no traffic to give or to take is as it is to be.
    const parked = each.parkable ? each.parked : !wanted;
    return {
      ...replica,
      wanted,
      present: true,
      state,
      parked,
      ...(live === undefined ? {} : { live: liveReplica(host, { ...each, parked }, live) }),
    };
  });
  const there = new Set(present.map(replicaName));
  const absent = wanted.filter((each) => !there.has(replicaName(each))).map((each): Replica => ({
    ...each,
    wanted: true,
    present: false,
    state: "removed",
    parked: false,
    ...(live === undefined ? {} : { live: liveReplica(host, undefined, live, each) }),
  }));
  // What is over, in the project and on the host, is no part of the release.
  return [...present, ...absent].filter((each) =>
    each.wanted || each.state === "running" || each.live?.down === false
  );
}

function liveReplica(
  host: HostDir,
  known: Known | undefined,
  live: LiveHost,
  ref: Pick<ReplicaRef, "pod" | "version"> = known!.release,
): LiveReplica {
  const status = live.statuses.get(`${ref.pod}/${ref.version}`);
  const { live: word, ready, restarts } = liveness(status, live.now);
  const connections = known === undefined ? 0 : countConnections(host, known, live);
  return {
    ready,
    starts: restarts,
    down: ["-", "exited", "removed", "created"].includes(word),
    routed: known === undefined ? "none" : routedness(known, live),
    ...(connections === undefined ? {} : { connections }),
  };
}

/** A release without cluster ports has what it is to have. */
function routedness({ routes, parked, release }: Known, live: LiveHost): LiveReplica["routed"] {
  if (routes.length === 0) return parked || release.state !== "running" ? "none" : "all";
  const there = routes.filter((route) =>
    live.routes?.some((each) =>
      each.clusterPort === route.clusterPort && each.hostPort === route.hostPort
    )
  );
  return there.length === 0 ? "none" : there.length === routes.length ? "all" : "some";
}

function countConnections(host: HostDir, known: Known, live: LiveHost): number | undefined {
  if (known.routes.length === 0) return 0;
  if (live.connections === undefined) return undefined;
  const own = parseHostAddress(host.env.routerAddress)?.hostname;
  const ports = new Set(known.routes.map(({ hostPort }) => hostPort));
  return live.connections.filter(({ address, port }) => {
    if (!ports.has(port)) return false;
    const bound = known.addresses.get(port) ?? own;
    const numeric = bound !== undefined && /^[0-9.]+$|:/.test(bound) &&
      bound !== "0.0.0.0" && canonicalAddress(bound) !== "::";
    return !numeric || canonicalAddress(bound) === address;
  }).length;
}

/** Whether all that is wanted runs with traffic in the project, and nothing else of these pods. */
export function isReached(replicas: readonly Replica[]): boolean {
  return replicas.every(({ wanted, state, parked }) =>
    wanted ? state === "running" && !parked : state !== "running"
  );
}
