/** The side of a client: a connection to a cluster port is joined with a pod that serves it. */
import { isIP } from "node:net";
import { type Context, isFromHere, nameOf } from "./context.ts";
import type { Connection } from "./engine.ts";
import { findTarget } from "./find_target.ts";
import { Opening } from "./opening.ts";
import { formatV1 } from "./proxy_header.ts";
import type { Target } from "./target.ts";

/**
 * Serves one client of cluster port `port` to its end. Nothing is read from the client before
 * a target took the connection, so that every failure until then can be made good by another target.
 */
export async function serveClient(
  client: Connection,
  port: number,
  context: Context,
): Promise<void> {
  if (!context.mayConnect(client)) {
    context.log.often("Refused a client that CLIENTFROM does not name", {
      clusterPort: port,
      client: nameOf(client.remote),
    });
    return client.reset();
  }
  try {
    const target = await findTarget(port, context);
    if (!target) {
      if (!context.ending) {
        context.log.often("Nothing takes connections to a cluster port", {
          clusterPort: port,
          client: nameOf(client.remote),
        });
      }
      // What it sent stays unread: a mere close were a reset.
      return await client.closeWrite().catch(() => {/* It is gone already. */});
    }
    await join(client, port, target, context);
  } finally {
    client.close();
  }
}

async function join(client: Connection, port: number, target: Target, context: Context) {
  try {
    const count = await context.engine.relay(client, target.connection, {
      opening: openingOf(client, port, target, context),
      toClient: target.early,
      idleMs: context.conf.idleSeconds * 1000,
    });
    context.log.debug("A connection ended", {
      clusterPort: port,
      host: target.host,
      toTarget: count.toTarget,
      toClient: count.toClient,
    });
  } finally {
    target.connection.close();
    target.end();
  }
}

function openingOf(client: Connection, port: number, target: Target, context: Context): Opening {
  const { remote, local } = client;
  const expected = target.sendProxy && isExpected(client, context.conf.proxyFrom);
  return new Opening(
    target.sendProxy,
    expected ? context.conf.proxyWaitSeconds * 1000 : 0,
    () => {
      const host = target.connection.remote.hostname;
      const sameFamily = isIP(host) === isIP(remote.hostname);
      return formatV1(remote, { hostname: sameFamily ? host : local.hostname, port });
    },
  );
}

/** Whether `client` is one of those that begin with a PROXY header (see `ProxyConf.proxyFrom`). */
function isExpected(client: Connection, proxyFrom: readonly string[]): boolean {
  return proxyFrom.some((from) =>
    from === "any" || from === client.remote.hostname || (from === "own" && isFromHere(client))
  );
}
