/** Ways to a pod: through the own host, or through the proxy of another one. */
import { askPeer, dialPeer, type NoTarget, remember, type RemoteTarget } from "./ask_peer.ts";
import type { HostAddress } from "./conf/mod.ts";
import { type Context, HESITATION_MS, inBackground, type Shared } from "./context.ts";
import type { Connection } from "./engine.ts";
import { dialHostPort, type HostPort } from "./host_ports.ts";
import { OWN } from "./peer_memory.ts";
import type { PeerLine } from "./peer_line.ts";
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
export interface Candidate {
  complete(): Promise<Target | undefined>;
  giveUp(): void;
}

/** One look at candidates. */
export interface Look {
  readonly context: Context;
  readonly port: number;
  /** Someone had the port but no room. */
  busy: boolean;
  /** Someone said yes and then broke: everyone may be asked again. */
  broken: boolean;
}

const NOTHING = new Uint8Array(0);

/** Takes back what `target` holds, as nobody wants it. A pod sees a plain end, another proxy must not take it for a half-close. */
export function giveBack({ connection, host, end }: Target): void {
  if (host === OWN) connection.close();
  else connection.reset();
  end();
}

/** A pod of the own host, without a hop. `busy`, `none`: see {@link dialHostPort}. */
export async function dialOwn(
  port: number,
  context: Shared,
  limitMs?: number,
): Promise<Target | "busy" | "none"> {
  const { memory, now } = context;
  const end = memory.begin(OWN, port);
  let found: HostPort | "busy" | "none" = "none";
  try {
    found = await dialHostPort(port, context, limitMs);
  } finally {
    if (typeof found === "string") end();
  }
  if (typeof found === "string") return found;
  memory.note(OWN, port, "ok", now());
  const { connection, lease } = found;
  return {
    connection,
    sendProxy: lease.mapping.sendProxy,
    early: NOTHING,
    host: OWN,
    end: () => {
      end();
      lease.release();
    },
  };
}

/**
 * Asks another host, through its proxy.
 *
 * @param tentative See {@link askPeer}; otherwise a connection that is kept ready may serve.
 */
export async function askHost(
  look: Look,
  host: string,
  tentative: boolean,
): Promise<Candidate | undefined> {
  const { context, port } = look;
  const { memory, now, peers, pool } = context;
  const address = peers.address(host);
  if (!address) return undefined; // Left hosts.conf a moment ago, or its name has no address.
  const end = memory.begin(host, port);
  let found: RemoteTarget | NoTarget | undefined;
  try {
    const kept = tentative ? undefined : pool.take(host, address);
    const asking = askAt(context, address, kept, port, tentative);
    found = await context.metrics.asking("client", host, asking);
  } finally {
    if (found?.answer !== "ok") end();
  }
  if (found.answer !== "ok") {
    if (found.answer === "busy") look.busy = true;
    remember(context, host, port, found);
    return undefined;
  }
  memory.note(host, port, "ok", now());
  const { connection } = found;
  return {
    complete: () => complete(context, host, port, found, end),
    giveUp: () => {
      connection.reset();
      end();
    },
  };
}

/** Asks on the connection that was kept ready, if there is one, else on a new one. */
async function askAt(
  context: Shared,
  address: HostAddress,
  kept: PeerLine | undefined,
  port: number,
  tentative: boolean,
): Promise<RemoteTarget | NoTarget> {
  const found = kept && await askLine(context, kept, port, false);
  // The other side may have ended a kept connection meanwhile: that says nothing of the port.
  if (found && !(found.answer === "refused" && found.wordless)) return found;
  const line = await dialPeer(context.engine, address, context.conf.connectSeconds * 1000);
  return "answer" in line ? line : await askLine(context, line, port, tentative);
}

function askLine({ engine, conf }: Shared, line: PeerLine, port: number, tentative: boolean) {
  return askPeer(engine, line, port, conf.connectSeconds * 1000, tentative);
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

/** The candidate `host`, the own one or another, as one way among several. */
export function wayTo(look: Look, host: string, tentative: boolean): Attempt<Candidate> {
  const own = async () => {
    const found = await dialOwn(look.port, look.context);
    if (found === "busy") look.busy = true;
    if (typeof found === "string") return undefined;
    return { complete: () => Promise.resolve(found), giveUp: () => giveBack(found) };
  };
  const way = host === OWN ? own : () => askHost(look, host, tentative);
  return () => inBackground(look.context, way());
}

/**
 * The first target that one of the ways leads to: those of a group at once, each group beside those
 * before it that hesitate.
 */
export async function firstOf(
  look: Look,
  groups: readonly (readonly Attempt<Candidate>[])[],
  limitMs: number,
): Promise<Target | undefined> {
  if (limitMs <= 0) return undefined;
  const giveUp = (late: Candidate) => late.giveUp();
  const winner = await race(groups, HESITATION_MS, limitMs, giveUp, look.context.engine);
  const target = await winner?.complete();
  if (winner && !target) look.broken = true;
  return target;
}
