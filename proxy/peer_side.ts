/** The side of a pod: another proxy asks for a cluster port, and is joined with a pod of this host. */
import { type Context, isFromHere, nameOf } from "./context.ts";
import type { Bytes, Connection } from "./engine.ts";
import { dialHostPort } from "./host_ports.ts";
import { formatReply, LINE_LIMIT, parseRequest } from "./wire.ts";

/** How long a proxy may take to say what it wants, in milliseconds. */
export const REQUEST_MS = 10_000;

/** Serves one connection from another proxy to its end. */
export async function servePeer(peer: Connection, context: Context): Promise<void> {
  try {
    if (!isFromHere(peer) && !context.peers.allows(peer.remote.hostname)) {
      context.log.often("Refused a connection that is not from a host of this cluster", {
        from: nameOf(peer.remote),
      });
      context.metrics.unserved("peer", "", "refused");
      return;
    }
    context.unasked.add(peer);
    const request = await readRequest(peer, context).finally(() => context.unasked.delete(peer));
    if (!request) {
      context.metrics.unserved("peer", "", "no request");
      context.log.debug("A connection from a proxy asked for nothing", {
        from: nameOf(peer.remote),
      });
      return;
    }
    const found = await dialHostPort(request.port, context);
    if (typeof found === "string") {
      context.metrics.unserved("peer", request.port, found === "busy" ? "busy" : "no target");
    }
    if (found === "none") return;
    if (found === "busy") return void await sendAll(peer, formatReply("busy"));
    try {
      if (await sendAll(peer, formatReply({ sendProxy: found.lease.mapping.sendProxy }))) {
        const ended = context.metrics.joined("peer", request.port, "local");
        const count = await context.engine.relay(peer, found.connection, {
          toTarget: request.early,
          idleMs: context.conf.idleSeconds * 1000,
        });
        ended(count);
      }
    } finally {
      found.connection.close();
      found.lease.release();
    }
  } finally {
    peer.close();
  }
}

/** The port that the first line asks for, and what came behind it; `undefined` when it is no such line. */
async function readRequest(
  peer: Connection,
  { engine }: Context,
): Promise<{ port: number; early: Uint8Array } | undefined> {
  const buffer: Bytes = new Uint8Array(LINE_LIMIT);
  const stopTimer = engine.after(REQUEST_MS, () => peer.close());
  try {
    for (let length = 0;;) {
      const read = await peer.read(buffer.subarray(length));
      if (read === null) return undefined;
      length += read;
      const request = parseRequest(buffer.subarray(0, length));
      if (request === "bad") return undefined;
      if (request !== "more") {
        return { port: request.port, early: buffer.subarray(request.length, length) };
      }
    }
  } catch {
    return undefined; // Reset by the other side, or closed by the timer or the end of the proxy.
  } finally {
    stopTimer();
  }
}

/** Writes all of `data`; `false` when the other side is gone. */
async function sendAll(peer: Connection, data: Uint8Array): Promise<boolean> {
  try {
    for (let sent = 0; sent < data.length;) sent += await peer.write(data.subarray(sent));
    return true;
  } catch {
    return false; // The asking proxy took another answer: nothing is lost.
  }
}
