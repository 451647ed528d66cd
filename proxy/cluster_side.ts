/** The side of a client: a connection to a cluster port is joined with a pod that serves it. */
import { isIP } from "node:net";
import { type Context, isFromHere, nameOf } from "./context.ts";
import type { Connection, RelayCount } from "./engine.ts";
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
    context.metrics.unserved("client", port, "refused");
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
      return await sayEnd(client, context);
    }
    await join(client, port, target, context);
  } finally {
    client.close();
  }
}

/** How long a client that gets no target may take to hear the end, in milliseconds, and how much it may say until then. */
const GOODBYE = { ms: 200, bytes: 64 * 1024 };

/**
 * Ends what goes to the client, and reads on until it ends too. Closing with unread bytes would be a
 * reset, which is told apart from an end.
 */
async function sayEnd(client: Connection, { engine }: Context): Promise<void> {
  const stopTimer = engine.after(GOODBYE.ms, () => client.close());
  try {
    await client.closeWrite();
    const buffer = new Uint8Array(4096);
    let left = GOODBYE.bytes;
    while (left > 0) {
      const read = await client.read(buffer);
      if (read === null) return;
      left -= read;
    }
  } catch {
    /* It is gone, or took too long. */
  } finally {
    stopTimer();
  }
}

async function join(client: Connection, port: number, target: Target, context: Context) {
  const ended = context.metrics.joined("client", port, target.host);
  let count: RelayCount | undefined;
  try {
    count = await context.engine.relay(client, target.connection, {
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
    ended(count);
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
