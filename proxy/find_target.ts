/** Finds a pod, on this host or another, that takes a connection to a cluster port. */
import { type Context, HESITATION_MS, inBackground } from "./context.ts";
import { pause } from "./engine.ts";
import { OWN, type OwnPlace } from "./peer_memory.ts";
import type { Attempt } from "./race.ts";
import {
  askHost,
  type Candidate,
  dialOwn,
  firstOf,
  type Look,
  type Target,
  wayTo,
} from "./target.ts";

/** Pauses between two looks at all candidates, in milliseconds: doubling from first to last. */
const PAUSE = { first: 20, last: 200 };
/**
 * How long it looks again when nobody had the port, in milliseconds, and how often at least, however
 * long that takes. Hosts are asked one after the other, so a pod that moves between them may be missed
 * by a single look.
 */
const MISSED = { ms: 150, looks: 2 };
/** How often a candidate may say yes and then break before that counts like any failure. */
const MAX_BROKEN = 3;

/** How long a look at the other hosts lasts at most, so that a silent one keeps nobody from the next look. */
const OTHERS_MS = 1000;

/** The likeliest candidate, which was asked and hesitates. */
interface Hesitating {
  readonly host: string;
  readonly answer: Promise<Candidate | undefined>;
}

/** Hears the target of a client, `undefined` when nothing takes the connection; once. */
export type OnTarget = (target: Target | undefined) => void;

/**
 * Looks for a target. All that is decided about a connection is decided here:
 *
 * - Where clients wait for room already, this one waits behind them.
 * - The likeliest candidate alone: the one with the fewest connections of this proxy among the own
 *   host and those known to have the port. That is all for nearly every connection.
 * - When it fails or hesitates, everyone: the likely ones one after another, then all the rest at once.
 * - When all that have the port are at their limit, it waits for room; when nobody has it, it
 *   looks again for a moment, and whenever the own files changed amid a look.
 *
 * @param done May hear of the target before this returns.
 * @param onFailure Hears of a mistake, in place of it.
 */
export function findTarget(
  port: number,
  context: Context,
  done: OnTarget,
  onFailure: (error: unknown) => void,
): void {
  const { now, memory, prober, waiting } = context;
  const start = now();
  prober.use(port, start);
  if (waiting.has(port)) {
    waitForRoom(port, context, busyUntil(context, start)).then(done, onFailure);
    return;
  }
  const askOthers = (hesitating?: Hesitating) => {
    askAll(port, context, hesitating, start).then(done, onFailure);
  };
  const likeliest = memory.best(port, ownPlace(port, context), start);
  if (likeliest === undefined) askOthers();
  else if (likeliest !== OWN) askFirst(port, context, likeliest, done, askOthers);
  else {
    dialOwn(port, context, HESITATION_MS, (target) => {
      if (typeof target === "string") askOthers();
      else done(target);
    });
  }
}

/** Asks the likeliest host, and then the others where it hesitates or does not take the connection. */
function askFirst(
  port: number,
  context: Context,
  host: string,
  done: OnTarget,
  askOthers: (hesitating?: Hesitating) => void,
): void {
  let hand: ((candidate: Candidate | undefined) => void) | undefined;
  const stopTimer = context.engine.after(HESITATION_MS, () => {
    const answer = new Promise<Candidate | undefined>((resolve) => hand = resolve);
    askOthers({ host, answer: inBackground(context, answer) });
  });
  askHost(lookAt(port, context), host, false, (candidate) => {
    if (hand) return hand(candidate);
    stopTimer();
    if (!candidate) return askOthers();
    candidate.complete((target) => target ? done(target) : askOthers());
  });
}

/** Asks everyone, and waits for room where there is none. */
async function askAll(
  port: number,
  context: Context,
  hesitating: Hesitating | undefined,
  start: number,
): Promise<Target | undefined> {
  const found = await search(port, context, hesitating, start);
  if (found === "busy") return await waitForRoom(port, context, busyUntil(context, start));
  if (!found) context.metrics.unserved("client", port, "no target");
  return found;
}

/** How long a client that came at `start` waits for room. */
function busyUntil({ conf }: Context, start: number): number {
  return start + Math.min(conf.busySeconds, conf.giveUpSeconds) * 1000;
}

async function waitForRoom(
  port: number,
  { waiting, metrics }: Context,
  until: number,
): Promise<Target | undefined> {
  const target = await waiting.wait(port, until);
  if (!target) metrics.unserved("client", port, "busy");
  return target;
}

/** Looks at all candidates, and again for a moment. `busy`: there are targets, all at their limit. */
async function search(
  port: number,
  context: Context,
  hesitating: Hesitating | undefined,
  start: number,
): Promise<Target | "busy" | undefined> {
  const { now, conf, memory, peers } = context;
  const giveUpAt = start + conf.giveUpSeconds * 1000;
  const missedUntil = now() + MISSED.ms;
  let pauseMs = PAUSE.first;
  for (let looks = 1, broken = 0; !context.ending; looks++) {
    const look = lookAt(port, context);
    const { plans } = context;
    const { first, rest } = memory.order(port, peers.names, ownPlace(port, context), now());
    const unasked = (host: string) => host !== hesitating?.host;
    const groups = first.filter(unasked).map((host) => [wayTo(look, host, false)]);
    groups.push(rest.filter(unasked).map((host) => wayTo(look, host, true)));
    if (hesitating) groups[0]!.unshift(answered(hesitating));
    const target = await firstOf(look, groups, giveUpAt - now());
    if (target) return target;
    hesitating = undefined;
    if (look.broken && ++broken <= MAX_BROKEN) continue;
    if (look.busy) return "busy";
    const again = plans !== context.plans || looks < MISSED.looks;
    if (now() + pauseMs >= (again ? giveUpAt : Math.min(missedUntil, giveUpAt))) return undefined;
    await pause(context.engine, pauseMs);
    pauseMs = Math.min(pauseMs * 2, PAUSE.last);
  }
  return undefined;
}

/**
 * A look at the other hosts alone, for those who wait for room.
 *
 * @param all Also those that lately said that they don't have the port.
 */
export async function lookAtOthers(
  port: number,
  context: Context,
  all: boolean,
): Promise<Target | undefined> {
  const { now, memory, peers } = context;
  const look = lookAt(port, context);
  const { first, rest } = memory.order(port, peers.names, "none", now());
  const asked = all ? rest : rest.filter((host) => memory.mayGetRoom(host, port, now()));
  const groups = first.map((host) => [wayTo(look, host, false)]);
  groups.push(asked.map((host) => wayTo(look, host, true)));
  return await firstOf(look, groups, OTHERS_MS);
}

function lookAt(port: number, context: Context): Look {
  return { context, port, busy: false, broken: false };
}

function ownPlace(port: number, { table, conf, now }: Context): OwnPlace {
  if (!table.has(port)) return "none";
  if (!table.hasRoom(port, now())) return "last";
  return conf.prefer === "own" ? "first" : "equal";
}

function answered({ answer }: Hesitating): Attempt<Candidate> {
  return () => answer;
}
