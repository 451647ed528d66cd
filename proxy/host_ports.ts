/** Connects to a pod of the own host: the last step of every connection, whoever asked for it. */
import { type Context, HESITATION_MS, inBackground } from "./context.ts";
import { type Connection, DialError } from "./engine.ts";
import { race } from "./race.ts";
import type { Lease, Route } from "./routing_table.ts";

/** A pod's port that took the connection. Whoever has it closes the connection and releases the lease. */
export interface HostPort {
  readonly connection: Connection;
  readonly lease: Lease;
}

/** A host port on the own host answers at once or never; in milliseconds. */
const DIAL_MS = 2000;
/** How long a mapping that refused or was silent is tried after the others, in milliseconds. */
const AVOID_MS = { refused: 1000, silent: 10_000 };

/**
 * A connection to a mapping of cluster port `port` with room. `busy`: there are mappings, but those
 * that were not at their limit took no connection. `none`: nothing here takes connections.
 */
export async function dialHostPort(
  port: number,
  context: Context,
): Promise<HostPort | "busy" | "none"> {
  let busy = false;
  const attempts = context.table.order(port, context.now()).map((route) => [async () => {
    const lease = context.table.take(route);
    if (!lease) {
      busy = true;
      return undefined;
    }
    return await inBackground(context, dialRoute(route, lease, context));
  }]);
  if (attempts.length === 0) return "none";
  const found = await race(
    attempts,
    HESITATION_MS,
    context.conf.connectSeconds * 1000,
    discard,
    context.engine,
  );
  return found ?? (busy ? "busy" : "none");
}

function discard(late: HostPort): void {
  late.connection.close();
  late.lease.release();
}

async function dialRoute(
  { mapping }: Route,
  lease: Lease,
  { engine, podHost, table, log, metrics, now, conf }: Context,
): Promise<HostPort | undefined> {
  try {
    const address = { hostname: podHost, port: mapping.hostPort };
    const limitMs = Math.min(DIAL_MS, conf.connectSeconds * 1000);
    return { connection: await metrics.connecting(engine.dial(address, limitMs)), lease };
  } catch (error) {
    lease.release();
    if (!(error instanceof DialError)) throw error;
    if (error.kind !== "local") table.avoid(mapping, now() + AVOID_MS[error.kind]);
    log.often("A host port took no connection", {
      clusterPort: mapping.clusterPort,
      error: error.message,
    });
    return undefined;
  }
}
