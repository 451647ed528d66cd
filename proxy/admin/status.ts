/** What a proxy tells about itself. */
import {
  formatHostAddress,
  formatPortRanges,
  type PortMapping,
  type ProxyConf,
  VERSION,
} from "../conf/mod.ts";
import type { FileProblem, Settings } from "../conf_files.ts";
import type { CountedMapping } from "../mapping_counts.ts";
import { OWN } from "../peer_memory.ts";
import { Peers } from "../peers.ts";
import type { Plan, PlaneStatus } from "../plan.ts";
import type { OpenFiles } from "./open_files.ts";
import type { Remembered } from "./remembered.ts";
import type { MetricsSnapshot } from "./snapshot.ts";

/** As JSON it is the answer to `GET /status`. Times are in UTC, ISO 8601. */
export interface ProxyStatus {
  readonly version: string;
  readonly pid: number;
  readonly since: string;
  readonly engine: string;
  readonly workers: number;
  /** It accepts nothing more and ends with its last connection. */
  readonly draining: boolean;
  /** Absolute path of its proxy.conf. */
  readonly confFile: string;
  /** That of a process that waits for the end of this one to have its ports. */
  readonly successor: string | null;
  /** Numeric address of all listeners. */
  readonly host: string;
  /** Numeric address of the host ports of pods. */
  readonly podHost: string;
  readonly port: number;
  readonly clusterPorts: string;
  /** `missing`: ports that could not be opened, such as `61000-61003`; empty when all are open. */
  readonly listeners: { readonly open: number; readonly wanted: number; readonly missing: string };
  /** Clients and proxies being served. */
  readonly sessions: number;
  /** Open connections, those to pods and hosts included. */
  readonly connections: number;
  /** Further ones between proxies that are kept ready. */
  readonly idle: number;
  readonly openFiles: OpenFiles | null;
  readonly reloads: number;
  readonly lastReload: string;
  readonly problems: readonly FileProblem[];
  /** Lines of proxy.conf that are in force after a restart only, such as `WORKERS 3`. */
  readonly waitsForRestart: readonly string[];
  readonly hosts: readonly HostStatus[];
  readonly mappings: readonly MappingStatus[];
  /** All settings in force. */
  readonly settings: ProxyConf;
}

/** One line of hosts.conf. */
export interface HostStatus {
  readonly host: string;
  readonly own: boolean;
  /** Where it is reached; `null` when its name has no address. */
  readonly address: string | null;
  /** Connections that it carries for clients of this proxy. */
  readonly active: number;
  /** What is believed about it, `seconds` more; `port` is `null` for the host as a whole. */
  readonly remembered: readonly {
    readonly port: number | null;
    readonly answer: string;
    readonly seconds: number;
  }[];
}

/** One line of portmappings.conf, with the connections that it carries. */
export interface MappingStatus extends PortMapping {
  readonly active: number;
}

/** What {@link statusOf} is made from, beside what the data plane tells. */
export interface Known {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly since: Date;
  readonly draining: boolean;
  readonly confFile: string;
  readonly successor: string | undefined;
  readonly reloads: number;
  readonly lastReload: Date;
  readonly problems: readonly FileProblem[];
  readonly openFiles: OpenFiles | undefined;
  readonly waitsForRestart: readonly string[];
}

export function statusOf(known: Known, plane: PlaneStatus, pid: number): ProxyStatus {
  const { settings: { conf }, plan } = known;
  return {
    version: VERSION,
    pid,
    since: known.since.toISOString(),
    engine: plane.engine,
    workers: plane.workers,
    draining: known.draining,
    confFile: known.confFile,
    successor: known.successor ?? null,
    host: plan.bind,
    podHost: plan.podHost,
    port: conf.port,
    clusterPorts: formatPortRanges(conf.clusterPorts),
    listeners: { open: plane.listeners, wanted: plane.wanted, missing: plane.missing },
    sessions: plane.sessions,
    connections: plane.connections,
    idle: plane.idle,
    openFiles: known.openFiles ?? null,
    reloads: known.reloads,
    lastReload: known.lastReload.toISOString(),
    problems: known.problems,
    waitsForRestart: known.waitsForRestart,
    hosts: hostsOf(plan, plane.remembered),
    mappings: plan.mappings.map((mapping) => mappingOf(mapping, plan.cells)),
    settings: conf,
  };
}

/** The metrics that the threads do not know. */
export function snapshotOf(known: Known, plane: PlaneStatus): MetricsSnapshot {
  const one = (value: number) => [{ labels: [], values: [value] }];
  return {
    info: [{ labels: [VERSION, plane.engine], values: [1] }],
    start: one(known.since.getTime() / 1000),
    workers: one(plane.workers),
    reloads: one(known.reloads),
    problems: one(known.problems.length),
    ...(known.openFiles ? { openFiles: one(known.openFiles.soft) } : {}),
  };
}

function hostsOf(plan: Plan, remembered: readonly Remembered[]): HostStatus[] {
  const peers = new Peers();
  peers.load(plan.hosts);
  const others = new Set(peers.names);
  return plan.hosts.hosts.map((entry) => {
    const host = formatHostAddress(entry);
    const own = !others.has(host);
    const address = own ? { hostname: plan.bind, port: plan.conf.port } : peers.address(host);
    const facts = remembered.filter((each) => each.host === (own ? OWN : host));
    return {
      host,
      own,
      address: address ? formatHostAddress(address) : null,
      active: facts.reduce((sum, { active }) => sum + active, 0),
      remembered: facts.filter(({ answer }) => !own && answer !== "unknown")
        .map(({ port, answer, leftMs }) => ({
          port: port ?? null,
          answer,
          seconds: Math.ceil(leftMs / 1000),
        })),
    };
  });
}

function mappingOf({ cell, ...mapping }: CountedMapping, cells: Int32Array): MappingStatus {
  return { ...mapping, active: Atomics.load(cells, cell) };
}

/**
 * Why the proxy of `confFile` is not ready; `undefined` when it serves, or will as soon as the one that
 * does ends, which hands its ports over then.
 *
 * @param status of the proxy that serves the address of `confFile`
 */
export function whyNotReady(
  { confFile, successor, draining }: Pick<ProxyStatus, "confFile" | "successor" | "draining">,
  wanted: string,
): string | undefined {
  if (successor === wanted || (confFile === wanted && !draining)) return undefined;
  return confFile === wanted ? "it drains" : `the proxy of ${confFile} still serves its address`;
}
