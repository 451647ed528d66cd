/** Ways to a pod: through the own host, or through the proxy of another one. */
import { askPeer, dialPeer, type NoTarget, remember, type RemoteTarget } from "./ask_peer.ts";
import type { HostAddress } from "./conf/mod.ts";
import { type Context, HESITATION_MS, inBackground, type Shared } from "./context.ts";
import type { Connection } from "./engine.ts";
import { dialHostPort, HOST_PORT_MS } from "./host_ports.ts";
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
  complete(done: (target: Target | undefined) => void): void;
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

/** A pod of the own host, without a hop; as {@link dialHostPort}. */
export function dialOwn(
  port: number,
  context: Shared,
  limitMs: number,
  done: (found: Target | "busy" | "none") => void,
): void {
  const { memory, now } = context;
  const end = memory.begin(OWN, port);
  dialHostPort(port, context, limitMs, (found) => {
    if (typeof found === "string") {
      end();
      return done(found);
    }
    memory.note(OWN, port, "ok", now());
    const { connection, lease } = found;
    done({
      connection,
      sendProxy: lease.mapping.sendProxy,
      early: NOTHING,
      host: OWN,
      end: () => {
        end();
        lease.release();
      },
    });
  });
}

/**
 * Asks another host, through its proxy.
 *
 * @param tentative See {@link askPeer}; otherwise a connection that is kept ready may serve.
 * @param done Hears once whether it took the connection, perhaps before this returns.
 */
export function askHost(
  look: Look,
  host: string,
  tentative: boolean,
  done: (candidate: Candidate | undefined) => void,
): void {
  const { context, port } = look;
  const { memory, metrics, now, peers, pool } = context;
  const address = peers.address(host);
  if (!address) return done(undefined); // Left hosts.conf a moment ago, or its name has no address.
  const end = memory.begin(host, port);
  const kept = tentative ? undefined : pool.take(host, address);
  const start = now();
  askAt(context, address, kept, port, tentative, (found) => {
    metrics.asked("client", host, start, found);
    if (found.answer !== "ok") {
      end();
      if (found.answer === "busy") look.busy = true;
      remember(context, host, port, found);
      return done(undefined);
    }
    memory.note(host, port, "ok", now());
    const { connection } = found;
    done({
      complete: (heard) => complete(context, host, port, found, end, heard),
      giveUp: () => {
        connection.reset();
        end();
      },
    });
  });
}

/** Asks on the connection that was kept ready, if there is one, else on a new one. */
function askAt(
  { engine, conf }: Shared,
  address: HostAddress,
  kept: PeerLine | undefined,
  port: number,
  tentative: boolean,
  done: (found: RemoteTarget | NoTarget) => void,
): void {
  const timeoutMs = conf.connectSeconds * 1000;
  const askAnew = () =>
    dialPeer(engine, address, timeoutMs, (line) => {
      if ("answer" in line) done(line);
      else askPeer(engine, line, port, timeoutMs, tentative, done);
    });
  if (!kept) return askAnew();
  askPeer(engine, kept, port, timeoutMs, false, (found) => {
    // The other side may have ended a kept connection meanwhile: that says nothing of the port.
    if (found.answer === "refused" && found.wordless) askAnew();
    else done(found);
  });
}

function complete(
  context: Context,
  host: string,
  port: number,
  found: RemoteTarget,
  end: () => void,
  done: (target: Target | undefined) => void,
): void {
  found.complete((reply) => {
    if (reply.answer === "ok") {
      const { sendProxy, early } = reply;
      return done({ connection: found.connection, sendProxy, early, host, end });
    }
    end();
    remember(context, host, port, reply);
    done(undefined);
  });
}

/** The candidate `host`, the own one or another, as one way among several. */
export function wayTo(look: Look, host: string, tentative: boolean): Attempt<Candidate> {
  const own = () =>
    new Promise<Candidate | undefined>((resolve) => {
      dialOwn(look.port, look.context, HOST_PORT_MS, (found) => {
        if (found === "busy") look.busy = true;
        if (typeof found === "string") return resolve(undefined);
        resolve({ complete: (done) => done(found), giveUp: () => giveBack(found) });
      });
    });
  const other = () =>
    new Promise<Candidate | undefined>((resolve) => askHost(look, host, tentative, resolve));
  const way = host === OWN ? own : other;
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
  const target = winner && await completed(winner);
  if (winner && !target) look.broken = true;
  return target;
}

function completed(candidate: Candidate): Promise<Target | undefined> {
  return new Promise((resolve) => candidate.complete(resolve));
}
