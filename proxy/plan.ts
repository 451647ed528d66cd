/** What the part that serves connections has to know, put together from the files by the part that reads them. */
import type { Remembered } from "./admin/remembered.ts";
import type { MetricsSnapshot } from "./admin/snapshot.ts";
import type { HostAddress, ProxyConf } from "./conf/mod.ts";
import type { Bequest, HandedOver } from "./linux/handover.ts";
import type { CountedMapping } from "./mapping_counts.ts";

/** Plain data: it may be sent to another thread. Replaced as a whole by each reload. */
export interface Plan {
  readonly conf: ProxyConf;
  /** Numeric address of all listeners. */
  readonly bind: string;
  /** Numeric address at which host ports of this host are reached. */
  readonly podHost: string;
  readonly hosts: PeerList;
  readonly mappings: readonly CountedMapping[];
  /** Where the connections of mappings are counted: the same memory in every plan and thread. */
  readonly cells: Int32Array;
}

/** The proxies of the cluster. */
export interface PeerList {
  /** Content of hosts.conf. */
  readonly hosts: readonly HostAddress[];
  /** The entry that is this proxy itself. */
  readonly own: HostAddress | undefined;
  /** Further names and addresses that proxies connect from. */
  readonly extra: readonly string[];
  /** Numeric addresses of the host names among all these. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
}

/** Where a plan wants to be reached: by other proxies, and by clients. */
export function portsOf({ conf }: Plan): Uint16Array {
  const isWanted = new Uint8Array(65536);
  isWanted[conf.port] = 1;
  for (const { first, last } of conf.clusterPorts) isWanted.fill(1, first, last + 1);
  const ports = new Uint16Array(isWanted.reduce((count, each) => count + each, 0));
  for (let port = 0, at = 0; port < isWanted.length; port++) if (isWanted[port]) ports[at++] = port;
  return ports;
}

/** What a data plane is doing. */
export interface PlaneStatus {
  /** The name of what moves bytes. */
  readonly engine: string;
  /** Threads that serve connections. */
  readonly workers: number;
  /** Open listeners. */
  readonly listeners: number;
  /** Listeners that the plan asks for. */
  readonly wanted: number;
  /** The ports of those that are not open, as text. */
  readonly missing: string;
  /** Clients and proxies being served. */
  readonly sessions: number;
  /** Open connections of either origin. */
  readonly connections: number;
  /** Connections between proxies that are kept ready, of either origin; not among the others. */
  readonly idle: number;
  /** Clients and proxies among `sessions` that are not joined with a target yet, nor wait for room. */
  readonly seeking: number;
  /** The cluster ports that clients wait for room of. */
  readonly waiting: readonly number[];
  /** What is believed about other hosts. */
  readonly remembered: readonly Remembered[];
}

/** Serves connections as the plan says: in this thread, or in others. */
export interface DataPlane {
  /** Takes over a plan; no connection is dropped. Resolves when every listener was tried once. */
  apply(plan: Plan): Promise<void>;
  /** Like `apply`, for whom is served by what is open; listeners stay as they are. */
  follow(plan: Plan): void | Promise<void>;
  status(): PlaneStatus | Promise<PlaneStatus>;
  metrics(): MetricsSnapshot | Promise<MetricsSnapshot>;
  /** Accepts nothing more, and ends once all connections have, or after `limitMs`. */
  drain(limitMs: number): Promise<void>;
  /**
   * Gives the listening sockets to the process that takes them at the unix socket `path`.
   *
   * @param begin Called when somebody takes them: what this process leaves to it.
   * @throws Error when nobody took and served them in time; nothing has changed then.
   */
  give(
    path: string,
    begin: () => Promise<Bequest>,
    timeoutMs: number,
  ): Promise<HandedOver>;
  /** Ends everything at once. */
  stop(): Promise<void>;
}
