/**
 * The reconciler's decisions. Pure: facts, memory and a moment in; commands, a new memory and the
 * next moment out. The caller keeps the returned memory, starts every returned command, and hands
 * each one's outcome into a later turn.
 */
import { bringDown, keepRunning } from "./aim.ts";
import { mayRoute } from "./health.ts";
import { begin, drop, NEW, noteTraffic, remember } from "./memory.ts";
import type {
  Busy,
  Command,
  Decision,
  Discard,
  Facts,
  InstanceMemory,
  Instant,
  Memory,
  World,
} from "./model.ts";
import { asGoingDown } from "./going_down.ts";
import { findHeld, holdEnd } from "./start_first.ts";
import { DRAIN_GRACE } from "./timing.ts";

export interface DecideOptions {
  /** Commands under way at a time, over all instances. */
  readonly limit: number;
  /** Milliseconds from unpublishing a pod to stopping it; default {@link DRAIN_GRACE}. */
  readonly drainGrace?: number;
}

/** What one instance comes to in a turn. */
interface Step {
  memory: InstanceMemory;
  /** What it would do next, when a slot is free for it. */
  want?: Busy;
  discard?: Discard;
  routed: boolean;
  wakeAt: number;
}

/** Decides what to do now. Never gives a second command to an instance that is busy. */
export function decide(
  world: World,
  memory: Memory,
  now: Instant,
  options: DecideOptions,
): Decision {
  const grace = options.drainGrace ?? DRAIN_GRACE;
  const outcomes = new Map(world.outcomes.map((outcome) => [outcome.id, outcome]));
  const recall = (facts: Facts) =>
    remember(memory.get(facts.id) ?? NEW, facts, outcomes.get(facts.id), now);
  const instances = world.goesDown ? asGoingDown(world.instances, memory) : world.instances;
  const known = new Map(instances.map((facts) => [facts.id, recall(facts)]));
  const held = findHeld(instances, memory, known, now);
  const next = new Map<string, InstanceMemory>();
  const steps = new Map<string, Step>();
  for (const facts of instances) {
    const step = held.has(facts.id)
      ? hold(facts, recall(withoutState(facts)), now)
      : decideOne(facts, known.get(facts.id)!, world, now, grace);
    steps.set(facts.id, step);
    next.set(facts.id, step.memory);
  }
  // An instance that disappeared is forgotten, but not while a command of it goes on.
  for (const [id, gone] of memory) {
    if (!next.has(id) && gone.busy && !outcomes.has(id)) next.set(id, { ...NEW, busy: gone.busy });
  }

  const all = [...steps.values()];
  const commands = grant(all, next, now, options.limit);
  const wakeAt = Math.min(...all.map((step) => step.wakeAt));
  return {
    memory: next,
    commands,
    discards: all.flatMap((step) => step.discard ?? []),
    routed: new Set([...steps].filter(([, step]) => step.routed).map(([id]) => id)),
    held,
    ...(Number.isFinite(wakeAt) ? { wakeAt } : {}),
  };
}

/** Gives the free slots to those who waited longest; marks them busy in `next`. */
function grant(
  steps: readonly Step[],
  next: Map<string, InstanceMemory>,
  now: Instant,
  limit: number,
): Command[] {
  const busy = [...next.values()].filter((memory) => memory.busy).length;
  const wants = steps
    .filter((step) => step.want)
    .toSorted((a, b) => (a.memory.startedAt ?? -1) - (b.memory.startedAt ?? -1))
    .slice(0, Math.max(0, limit - busy));
  return wants.map(({ memory, want }) => {
    next.set(want!.command.id, begin(memory, want!, now));
    return want!.command;
  });
}

/** As if its state could not be understood: the last one that could goes on. */
function withoutState({ desired: _, ...facts }: Facts): Facts {
  return facts;
}

/** One that is to end goes on as it is. */
function hold(facts: Facts, memory: InstanceMemory, now: Instant): Step {
  const traffic = mayRoute(facts.status, memory, now);
  const routed = facts.serves && traffic.routes &&
    (memory.busy === undefined || keepsTraffic(memory.busy.command));
  const heldSince = memory.heldSince ?? now.mono;
  return {
    memory: { ...noteTraffic(memory, facts.serves, routed, now), heldSince },
    routed,
    wakeAt: Math.min(traffic.until, holdEnd({ ...memory, heldSince }, now)),
  };
}

function decideOne(
  facts: Facts,
  before: InstanceMemory,
  world: World,
  now: Instant,
  grace: number,
): Step {
  const memory = drop(before, ["heldSince"]);
  const traffic = mayRoute(facts.status, memory, now);
  const wished = facts.serves && memory.desired === "running" && traffic.routes;
  const route = (routed: boolean, known: InstanceMemory): Step => ({
    memory: noteTraffic(known, facts.serves, routed, now),
    routed,
    wakeAt: routed ? traffic.until : Infinity,
  });
  if (memory.busy) return route(wished && keepsTraffic(memory.busy.command), memory);
  if (memory.desired === undefined) return route(false, memory);

  const { plan, discard, ...aim } = memory.desired === "running"
    ? keepRunning(facts, memory, world, now)
    : bringDown(facts, memory, memory.desired, world);
  const due = plan !== undefined && now.mono >= plan.notBefore;
  const step = route(wished && !(due && !keepsTraffic(plan.command)), aim.memory);
  // A plan that ends connections waits until the proxies know that they must not make new ones.
  const notBefore = !plan || !due || keepsTraffic(plan.command)
    ? plan?.notBefore ?? Infinity
    : (step.memory.unroutedAt ?? -Infinity) + grace;
  const ready = plan && now.mono >= notBefore;
  return {
    ...step,
    wakeAt: Math.min(step.wakeAt, aim.wakeAt, ready ? Infinity : notBefore),
    ...(ready ? { want: plan } : {}),
    ...(discard ? { discard } : {}),
  };
}

function keepsTraffic({ kind, containers = [] }: Command): boolean {
  return kind === "run" || (kind === "rerun" && containers.length > 0);
}
