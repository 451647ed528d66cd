/** Connects to a pod of the own host: the last step of every connection, whoever asked for it. */
import { HESITATION_MS, type Shared } from "./context.ts";
import { type Connection, DialError } from "./engine.ts";
import type { Lease, Route } from "./routing_table.ts";

/** A pod's port that took the connection. Whoever has it closes the connection and releases the lease. */
export interface HostPort {
  readonly connection: Connection;
  readonly lease: Lease;
}

/** A host port on the own host answers at once or never; in milliseconds. */
export const HOST_PORT_MS = 2000;
/** How long a mapping that took no connection is tried after the others, in milliseconds. */
const AVOID_MS = { refused: 1000, hesitated: 1000, silent: 10_000 };

/**
 * A connection to a mapping of cluster port `port` with room. `busy`: there are mappings, but those
 * that were not at their limit took no connection. `none`: nothing here takes connections.
 *
 * Mappings are tried one after another. One that hesitates gets its full time only after the others.
 *
 * @param limitMs For the connect to one mapping.
 */
export async function dialHostPort(
  port: number,
  context: Shared,
  limitMs = HOST_PORT_MS,
): Promise<HostPort | "busy" | "none"> {
  let routes = context.table.order(port, context.now());
  const fullMs = Math.min(limitMs, context.conf.connectSeconds * 1000);
  const quickMs = Math.min(HESITATION_MS, fullMs);
  let busy = false;
  for (let timeoutMs = routes.length > 1 ? quickMs : fullMs;; timeoutMs = fullMs) {
    const hesitating: Route[] = [];
    for (const route of routes) {
      const lease = context.table.take(route);
      const found = lease ? await dialRoute(lease, timeoutMs, context) : "busy";
      if (typeof found !== "string") return found;
      if (found === "busy") busy = true;
      if (found === "silent") hesitating.push(route);
    }
    if (timeoutMs === fullMs || hesitating.length === 0) return busy ? "busy" : "none";
    routes = hesitating;
  }
}

async function dialRoute(
  lease: Lease,
  timeoutMs: number,
  { engine, podHost, table, log, metrics, now }: Shared,
): Promise<HostPort | DialError["kind"]> {
  const { mapping } = lease;
  try {
    const address = { hostname: podHost, port: mapping.hostPort };
    return { connection: await metrics.connecting(engine.dial(address, timeoutMs)), lease };
  } catch (error) {
    const kind = error instanceof DialError ? error.kind : "local";
    if (kind !== "local") {
      const how = kind === "silent" && timeoutMs <= HESITATION_MS ? "hesitated" : kind;
      table.avoid(mapping, now() + AVOID_MS[how]);
    }
    lease.release();
    if (!(error instanceof DialError)) throw error;
    log.often("A host port took no connection", {
      clusterPort: mapping.clusterPort,
      error: error.message,
    });
    return error.kind;
  }
}
