/** The side of a pod: another proxy asks for a cluster port, and is joined with a pod of this host. */
import { type Context, isFromHere, nameOf } from "./context.ts";
import { type Bytes, type Connection, sendAll } from "./engine.ts";
import { dialHostPort, HOST_PORT_MS } from "./host_ports.ts";
import { OWN } from "./peer_memory.ts";
import { Session } from "./session.ts";
import { formatReply, LINE_LIMIT, parseRequest } from "./wire.ts";

/** How long a proxy may take to say what it wants, in milliseconds. */
export const REQUEST_MS = 10_000;
const NOTHING = new Uint8Array(0);

/**
 * Serves one connection from another proxy, one of the context's sessions, until it is joined with a
 * pod. A {@link Session} goes on with it then; else it is closed, and the session ended.
 */
export function servePeer(peer: Connection, context: Context): void {
  const end = () => {
    peer.close();
    context.sessions.end();
  };
  if (!isFromHere(peer) && !context.peers.allows(peer.remote.hostname)) {
    context.log.often("Refused a connection that is not from a host of this cluster", {
      from: nameOf(peer.remote),
    });
    context.metrics.unserved("peer", "", "refused");
    return end();
  }
  context.unasked.add(peer);
  new RequestReader(peer, context, (request) => {
    context.unasked.delete(peer);
    if (request) return joinPod(peer, request, context, end);
    context.metrics.unserved("peer", "", "no request");
    context.log.debug("A connection from a proxy asked for nothing", { from: nameOf(peer.remote) });
    end();
  }).read();
}

/** Joins it with a pod of this host, and tells it so; or why not. */
function joinPod(
  peer: Connection,
  { port, early }: PeerRequest,
  context: Context,
  end: () => void,
): void {
  dialHostPort(port, context, HOST_PORT_MS, (found) => {
    if (typeof found === "string") {
      context.metrics.unserved("peer", port, found === "busy" ? "busy" : "no target");
      return found === "busy" ? sendAll(peer, formatReply("busy"), end) : end();
    }
    const { connection, lease } = found;
    // The asking proxy may have taken another answer: nothing is lost then.
    sendAll(peer, formatReply({ sendProxy: lease.mapping.sendProxy }), (sent) => {
      if (!sent) {
        connection.close();
        lease.release();
        return end();
      }
      Session.begin(
        context,
        { side: "peer", port, host: OWN, source: peer, target: connection, hold: lease },
        { toTarget: early, idleMs: context.conf.idleSeconds * 1000 },
      );
    });
  });
}

/** The port that the first line asks for, and what came behind it. */
interface PeerRequest {
  readonly port: number;
  readonly early: Uint8Array;
}

/** Reads the first line; `undefined` when none comes that is a request. */
class RequestReader {
  readonly #buffer: Bytes = new Uint8Array(LINE_LIMIT);
  #length = 0;
  readonly #stopTimer: () => void;

  constructor(
    private readonly peer: Connection,
    { engine }: Context,
    private readonly done: (request: PeerRequest | undefined) => void,
  ) {
    this.#stopTimer = engine.after(REQUEST_MS, () => peer.close());
  }

  read(): void {
    const room = this.#length === 0 ? this.#buffer : this.#buffer.subarray(this.#length);
    this.peer.readThen(room, (read) => this.#heard(read));
  }

  /** @param read An error when it was reset by the other side, or closed by the timer or the end of the proxy. */
  #heard(read: number | null | Error): void {
    if (typeof read !== "number") return this.#end(undefined);
    this.#length += read;
    const request = parseRequest(this.#buffer, this.#length);
    if (request === "more") return this.read();
    if (request === "bad") return this.#end(undefined);
    const { port, length } = request;
    const early = this.#length > length ? this.#buffer.slice(length, this.#length) : NOTHING;
    this.#end({ port, early });
  }

  #end(request: PeerRequest | undefined): void {
    this.#stopTimer();
    this.done(request);
  }
}
