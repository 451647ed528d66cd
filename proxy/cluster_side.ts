/** The side of a client: a connection to a cluster port is joined with a pod that serves it. */
import { isIP } from "node:net";
import { type Context, isFromHere, nameOf } from "./context.ts";
import type { Connection } from "./engine.ts";
import { findTarget } from "./find_target.ts";
import { Opening } from "./opening.ts";
import { formatV1 } from "./proxy_header.ts";
import { Session } from "./session.ts";
import type { Target } from "./target.ts";

/**
 * Serves one client of cluster port `port`, one of the context's sessions, until it is joined with a target. Nothing is read from the
 * client before a target took the connection, so that every failure until then can be made good by
 * another target.
 *
 * A {@link Session} goes on with it then; else the client is closed, and the session ended.
 *
 * @param onFailure Hears of a mistake, in place of both.
 */
export function serveClient(
  client: Connection,
  port: number,
  context: Context,
  onFailure: (error: unknown) => void,
): void {
  if (!context.mayConnect(client)) {
    context.log.often("Refused a client that CLIENTFROM does not name", {
      clusterPort: port,
      client: nameOf(client.remote),
    });
    context.metrics.unserved("client", port, "refused");
    client.reset();
    return context.sessions.end();
  }
  findTarget(port, context, (target) => {
    if (target) return join(client, port, target, context);
    if (!context.ending) {
      context.log.often("Nothing takes connections to a cluster port", {
        clusterPort: port,
        client: nameOf(client.remote),
      });
    }
    sayEnd(client, context).then(() => context.sessions.end());
  }, onFailure);
}

/** How long a client that gets no target may take to hear the end, in milliseconds, and how much it may say until then. */
const GOODBYE = { ms: 200, bytes: 64 * 1024 };

/**
 * Ends what goes to the client, reads on until it ends too, and closes. Closing with unread bytes would
 * be a reset, which is told apart from an end.
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
    client.close();
  }
}

function join(client: Connection, port: number, target: Target, context: Context): void {
  const { connection, host, early } = target;
  Session.begin(
    context,
    { side: "client", port, host, source: client, target: connection, hold: target },
    {
      opening: openingOf(client, port, target, context),
      toClient: early,
      idleMs: context.conf.idleSeconds * 1000,
    },
  );
}

function openingOf(client: Connection, port: number, target: Target, context: Context): Opening {
  if (!target.sendProxy) return new Opening(false, 0, noHeader);
  const expected = isExpected(client, context.conf.proxyFrom);
  return new Opening(
    true,
    expected ? context.conf.proxyWaitSeconds * 1000 : 0,
    headerOf(client, port, target.connection.remote.hostname),
  );
}

const noHeader = () => new Uint8Array(0);

/** Makes the header for `client`, whose target is on `host`. It keeps nothing else in memory. */
function headerOf(client: Connection, port: number, host: string): () => Uint8Array {
  return () => {
    const { remote, local } = client;
    const sameFamily = isIP(host) === isIP(remote.hostname);
    return formatV1(remote, { hostname: sameFamily ? host : local.hostname, port });
  };
}

/** Whether `client` is one of those that begin with a PROXY header (see `ProxyConf.proxyFrom`). */
function isExpected(client: Connection, proxyFrom: readonly string[]): boolean {
  return proxyFrom.some((from) =>
    from === "any" || from === client.remote.hostname || (from === "own" && isFromHere(client))
  );
}
