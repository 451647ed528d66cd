/** Ways to a pod: through the own host, or through the proxy of another one. */
import { askPeer, dialPeer, type NoTarget, remember, type RemoteTarget } from "./ask_peer.ts";
import type { HostAddress } from "./conf/mod.ts";
import { type Context, HESITATION_MS, inBackground, type Shared } from "./context.ts";
import type { Connection } from "./engine.ts";
import { dialHostPort, HOST_PORT_MS } from "./host_ports.ts";
import type { Hold } from "./hold.ts";
import { OWN } from "./peer_memory.ts";
import type { PeerLine } from "./peer_line.ts";
import { type Attempt, race } from "./race.ts";
import type { Lease } from "./routing_table.ts";

const NOTHING = new Uint8Array(0);

/** A pod that took a connection. Whoever has it closes the connection and releases it. */
export interface Target extends Hold {
  readonly connection: Connection;
  /** Whether the pod wants a PROXY header. */
  readonly sendProxy: boolean;
  /** What it sent already. */
  readonly early: Uint8Array;
  /** The host it is on, for logs: `local` or the line of hosts.conf. */
  readonly host: string;
}

/** A pod of the own host. */
class OwnTarget implements Target {
  readonly early = NOTHING;
  readonly host = OWN;

  constructor(
    readonly connection: Connection,
    private readonly lease: Lease,
    private readonly carried: Hold,
  ) {}

  get sendProxy(): boolean {
    return this.lease.mapping.sendProxy;
  }

  release(): void {
    this.carried.release();
    this.lease.release();
  }
}

/** A pod of another host. */
class OtherTarget implements Target {
  constructor(
    readonly connection: Connection,
    readonly sendProxy: boolean,
    readonly early: Uint8Array,
    readonly host: string,
    private readonly carried: Hold,
  ) {}

  release(): void {
    this.carried.release();
  }
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

/** Takes back what `target` holds, as nobody wants it. A pod sees a plain end, another proxy must not take it for a half-close. */
export function giveBack(target: Target): void {
  if (target.host === OWN) target.connection.close();
  else target.connection.reset();
  target.release();
}

/** A pod of the own host, without a hop; as {@link dialHostPort}. */
export function dialOwn(
  port: number,
  context: Shared,
  limitMs: number,
  done: (found: Target | "busy" | "none") => void,
): void {
  const { memory, now } = context;
  const carried = memory.begin(OWN, port);
  dialHostPort(port, context, limitMs, (found) => {
    if (typeof found === "string") {
      carried.release();
      return done(found);
    }
    memory.note(OWN, port, "ok", now());
    done(new OwnTarget(found.connection, found.lease, carried));
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
  const carried = memory.begin(host, port);
  const kept = tentative ? undefined : pool.take(host, address);
  const start = now();
  askAt(context, address, kept, port, tentative, (found) => {
    metrics.asked("client", host, start, found);
    if (found.answer !== "ok") {
      carried.release();
      if (found.answer === "busy") look.busy = true;
      remember(context, host, port, found);
      return done(undefined);
    }
    memory.note(host, port, "ok", now());
    const { connection } = found;
    done({
      complete: (heard) => complete(context, host, port, found, carried, heard),
      giveUp: () => {
        connection.reset();
        carried.release();
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
  carried: Hold,
  done: (target: Target | undefined) => void,
): void {
  found.complete((reply) => {
    if (reply.answer === "ok") {
      const { sendProxy, early } = reply;
      return done(new OtherTarget(found.connection, sendProxy, early, host, carried));
    }
    carried.release();
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
