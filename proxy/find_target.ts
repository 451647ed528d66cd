/** Finds a pod, on this host or another, that takes a connection to a cluster port. */
import { askPeer, type NoTarget, type RemoteTarget } from "./ask_peer.ts";
import { type Context, HESITATION_MS, inBackground } from "./context.ts";
import { type Connection, pause } from "./engine.ts";
import { dialHostPort } from "./host_ports.ts";
import { type Attempt, race } from "./race.ts";

/** A pod that took a connection. Whoever has it closes the connection and calls `end`. */
export interface Target {
  readonly connection: Connection;
  /** Whether the pod wants a PROXY header. */
  readonly sendProxy: boolean;
  /** What it sent already. */
  readonly early: Uint8Array;
  /** The host it is on, for logs: `local` or the line of hosts.conf. */
  readonly host: string;
  /** Gives back what is counted for the connection. */
  end(): void;
}

/** A candidate that said yes. Only one of them is completed, the others are given up. */
interface Candidate {
  complete(): Promise<Target | undefined>;
  giveUp(): void;
}

/** Pauses between two looks at all candidates, in milliseconds: doubling from first to last. */
const PAUSE = { first: 20, last: 200 };
/**
 * How long it looks again when nobody had the port, in milliseconds. Hosts are asked one after the
 * other, so a pod that moves between them may be missed by a single look.
 */
const MISSED_MS = 150;
/** How often a candidate may say yes and then break before that counts like any failure. */
const MAX_BROKEN = 3;

/**
 * Looks for a target: the own host first, then the hosts remembered to have the port, one after
 * another, then all the others at once, each beside those before it that hesitate. Where it finds nothing it looks again: for BUSYSECONDS when
 * all that it found were at their limit, and else for a moment.
 *
 * Resolves to `undefined` when nothing takes the connection.
 */
export async function findTarget(port: number, context: Context): Promise<Target | undefined> {
  const { conf, now, memory, peers } = context;
  const giveUpAt = now() + conf.giveUpSeconds * 1000;
  const busyUntil = now() + conf.busySeconds * 1000;
  const missedUntil = now() + MISSED_MS;
  let pauseMs = PAUSE.first;
  let broken = 0;
  while (!context.ending) {
    const search = { context, port, giveUpAt, busy: false, again: false };
    const { first, rest } = memory.order(port, peers.names, now());
    const likely = first.map((host) => peer(search, host, false));
    if (context.table.has(port)) likely.unshift(own(search));
    const target = await firstOf(search, [
      ...likely.map((attempt) => [attempt]),
      rest.map((host) => peer(search, host, true)),
    ]);
    if (target) return target;
    const unserved = () =>
      context.metrics.unserved("client", port, search.busy ? "busy" : "no target");
    if (now() >= giveUpAt) return void unserved();
    if (search.again && ++broken <= MAX_BROKEN) continue;
    if (now() + pauseMs >= (search.busy ? busyUntil : missedUntil)) return void unserved();
    await pause(context.engine, pauseMs);
    pauseMs = Math.min(pauseMs * 2, PAUSE.last);
  }
  return undefined;
}

/** One look at all candidates. */
interface Search {
  readonly context: Context;
  readonly port: number;
  readonly giveUpAt: number;
  /** Someone had the port but no room. */
  busy: boolean;
  /** Someone said yes and then broke: everyone may be asked again. */
  again: boolean;
}

async function firstOf(
  search: Search,
  groups: readonly (readonly Attempt<Candidate>[])[],
): Promise<Target | undefined> {
  const leftMs = search.giveUpAt - search.context.now();
  if (leftMs <= 0) return undefined;
  const winner = await race(
    groups,
    HESITATION_MS,
    leftMs,
    (late) => late.giveUp(),
    search.context.engine,
  );
  const target = await winner?.complete();
  if (winner && !target) search.again = true;
  return target;
}

/** The own host, without a hop. */
function own(search: Search): Attempt<Candidate> {
  return async () => {
    const found = await dialHostPort(search.port, search.context);
    if (found === "busy") search.busy = true;
    if (typeof found === "string") return undefined;
    const { connection, lease } = found;
    return {
      complete: () =>
        Promise.resolve({
          connection,
          sendProxy: lease.mapping.sendProxy,
          early: new Uint8Array(0),
          host: "local",
          end: () => lease.release(),
        }),
      giveUp: () => {
        connection.close();
        lease.release();
      },
    };
  };
}

/** Another host, through its proxy. `tentative`: see {@link askPeer}. */
function peer(search: Search, host: string, tentative: boolean): Attempt<Candidate> {
  const { context, port } = search;
  const { engine, memory, now, conf } = context;
  const ask = async () => {
    const address = context.peers.address(host);
    if (!address) return undefined; // Left hosts.conf a moment ago.
    const end = memory.begin(host, port);
    const asking = askPeer(engine, address, port, conf.connectSeconds * 1000, tentative);
    const found = await context.metrics.asking(host, asking);
    if (found.answer !== "ok") {
      end();
      if (found.answer === "busy") search.busy = true;
      remember(context, host, port, found);
      return undefined;
    }
    memory.note(host, port, "ok", now());
    return {
      complete: () => complete(context, host, port, found, end),
      giveUp: () => {
        found.connection.close();
        end();
      },
    };
  };
  return () => inBackground(context, ask());
}

async function complete(
  context: Context,
  host: string,
  port: number,
  found: RemoteTarget,
  end: () => void,
): Promise<Target | undefined> {
  const reply = await found.complete();
  if (reply) return { ...reply, connection: found.connection, host, end };
  end();
  context.memory.note(host, port, "refused", context.now());
  return undefined;
}

function remember({ memory, now, log, ending }: Context, host: string, port: number, no: NoTarget) {
  if (ending) return;
  if (no.answer === "local") {
    log.often("Cannot connect to other hosts", { host, error: no.reason });
  } else if (no.down) {
    memory.noteDown(host, no.answer === "silent" ? "silent" : "refused", now());
    log.often("The proxy of a host is not reachable", { host, error: no.reason });
  } else {
    memory.note(host, port, no.answer, now());
    if (no.answer === "silent") log.often("A host is silent", { host, clusterPort: port });
    else log.debug("A host took no connection", { host, clusterPort: port, reason: no.reason });
  }
}
