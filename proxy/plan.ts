/** What the part that serves connections has to know, put together from the files by the part that reads them. */
import type { HostAddress, PortMapping, ProxyConf } from "./conf/mod.ts";

/** Plain data: it may be sent to another thread. Replaced as a whole by each reload. */
export interface Plan {
  readonly conf: ProxyConf;
  /** Numeric address of all listeners. */
  readonly bind: string;
  /** Numeric address at which host ports of this host are reached. */
  readonly podHost: string;
  readonly hosts: PeerList;
  readonly mappings: readonly PortMapping[];
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

/** What a data plane is doing. */
export interface PlaneStatus {
  readonly listeners: number;
  /** Clients and proxies being served. */
  readonly sessions: number;
  /** Open connections of either origin. */
  readonly connections: number;
  /** Connections between proxies that are kept ready, of either origin; not among the others. */
  readonly idle: number;
}

/** Serves connections as the plan says: in this thread, or in others. */
export interface DataPlane {
  /** Takes over a plan; no connection is dropped. Resolves when every listener was tried once. */
  apply(plan: Plan): Promise<void>;
  status(): PlaneStatus | Promise<PlaneStatus>;
  /** Accepts nothing more, and ends once all connections have, or after `limitMs`. */
  drain(limitMs: number): Promise<void>;
  /** Ends everything at once. */
  stop(): Promise<void>;
}
