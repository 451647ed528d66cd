/** What all connections of one proxy share, and what a reload replaces under them. */
import { isLoopback } from "./address_kinds.ts";
import type { Metrics } from "./admin/metrics.ts";
import type { HostAddress, ProxyConf } from "./conf/mod.ts";
import type { Connection, Engine } from "./engine.ts";
import type { Log } from "./log.ts";
import type { PeerMemory } from "./peer_memory.ts";
import type { PeerPool } from "./peer_pool.ts";
import type { Peers } from "./peers.ts";
import type { Prober } from "./prober.ts";
import type { RoutingTable } from "./routing_table.ts";
import type { Sessions } from "./sessions.ts";
import type { ThreadShare } from "./thread_share.ts";
import type { WaitingRoom } from "./waiting_room.ts";

/** What the parts of a context are built on. */
export interface Shared {
  readonly engine: Engine;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly table: RoutingTable;
  readonly memory: PeerMemory;
  readonly peers: Peers;
  /** The settings now; ask again for each connection. */
  conf: ProxyConf;
  /** Whether CLIENTFROM lets a client in. */
  mayConnect: (client: Connection) => boolean;
  /** Where the host ports of this host's pods are reached. */
  podHost: string;
  /** How often what a reload replaces was replaced. */
  plans: number;
  /** Set once the proxy ends: no search goes on after that. */
  ending: boolean;
  /** What this thread and the others know of each other. */
  readonly share: ThreadShare;
  /** What still runs for connections that are served or gone already, such as answers that nobody waits for. */
  readonly background: Set<Promise<unknown>>;
}

export interface Context extends Shared {
  readonly pool: PeerPool;
  readonly prober: Prober;
  readonly waiting: WaitingRoom;
  /** Clients and proxies being served. */
  readonly sessions: Sessions;
  /** Connections from other proxies that asked for nothing yet: kept ready, most of them. */
  readonly unasked: Set<Connection>;
}

/** Counts `work` among what has to end before the proxy has. Its failure stays with the caller. */
export function inBackground<T>({ background }: Shared, work: Promise<T>): Promise<T> {
  background.add(work);
  const forget = () => background.delete(work);
  work.then(forget, forget);
  return work;
}

/** Runs `work` in the background for nobody in particular; should it fail, the log says `what`. */
export function runBehind(context: Shared, what: string, work: () => Promise<void>): void {
  inBackground(
    context,
    work().catch((error) => context.log.error(what, { error: error?.stack ?? String(error) })),
  );
}

/**
 * A pause before the next candidate is tried beside one that hesitates, in milliseconds. Far above
 * a connect inside a data centre, far below what a client takes for a failure.
 */
export const HESITATION_MS = 200;

/** Whether the other end of `connection` is this machine: loopback, or the address it came in on. */
export function isFromHere({ local, remote }: Connection): boolean {
  return remote.hostname === local.hostname || isLoopback(remote.hostname);
}

/** `hostname:port` for logs and as the name of a host. */
export function nameOf({ hostname, port }: HostAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
