/** What an idle instance needs next to be as its pod.state says, leaving open when. Pure. */
import { judge, TROUBLE } from "./health.ts";
import { drop } from "./memory.ts";
import type {
  ActionRequest,
  Busy,
  Command,
  Discard,
  Facts,
  InstanceMemory,
  Instant,
  World,
} from "./model.ts";
import { ENDED_PAUSE, FORGIVEN_AFTER } from "./timing.ts";

export interface Aim {
  readonly memory: InstanceMemory;
  /** The command to give, not before a moment (mono). */
  readonly plan?: Busy & { readonly notBefore: number };
  readonly discard?: Discard;
  /** When (mono) to look again without any news. */
  readonly wakeAt: number;
}

/** The pod ought to be stopped or removed. */
export function bringDown(
  facts: Facts,
  memory: InstanceMemory,
  desired: "stopped" | "removed",
  { goesDown }: World,
): Aim {
  const { id } = facts;
  const why = goesDown ? "the machine goes down" : `its state is ${desired}`;
  // What is asked for by then is for the time after.
  const discard = facts.action && !goesDown
    ? { id, why: `its state is ${desired}, not running` }
    : undefined;
  const command: Command = {
    id,
    kind: desired === "stopped" ? "stop" : "rm",
    why,
  };
  return {
    memory,
    wakeAt: Infinity,
    ...(discard ? { discard } : {}),
    ...(memory.applied === desired
      ? {}
      : { plan: { command, respawn: false, notBefore: memory.retryAt } }),
  };
}

/** The pod ought to run. */
export function keepRunning(
  facts: Facts,
  memory: InstanceMemory,
  world: World,
  now: Instant,
): Aim {
  const { id, action } = facts;
  const hostInterface = world.hostInterface === undefined
    ? {}
    : { hostInterface: world.hostInterface };
  const why = action && whyDiscarded(action, memory);
  const discard = why === undefined ? {} : { discard: { id, why } };
  const plan = (command: Omit<Command, "id">, notBefore: number): Aim => ({
    memory,
    ...discard,
    plan: { command: { id, ...command }, respawn: false, notBefore },
    wakeAt: Infinity,
  });
  const ran = memory.applied === "running";

  if (action?.containers && why === undefined && (ran || memory.failures > 0)) {
    const { containers } = action;
    const target = containers.length > 0 ? { containers } : hostInterface;
    return plan({ kind: "rerun", takeAction: true, why: "pod.action asks for it", ...target }, 0);
  }
  if (!ran) {
    const why = memory.failures > 0 ? "trying again" : "its state is running";
    return plan({ kind: "run", why, ...hostInterface }, memory.retryAt);
  }
  if (world.hostInterface !== undefined && world.hostInterface !== memory.hostInterface) {
    const why = `the host's address is ${world.hostInterface} now`;
    return plan({ kind: "rerun", why, ...hostInterface }, memory.retryAt);
  }
  return { ...supervise(facts, memory, hostInterface, now), ...discard };
}

function whyDiscarded({ containers }: ActionRequest, { applied }: InstanceMemory) {
  if (containers === undefined) return "it cannot be understood";
  const changed = applied === "stopped" || applied === "removed";
  return changed ? "its state has changed to running at the same time" : undefined;
}

/** The pod was run: looks whether its supervisor still does its work. */
function supervise(
  facts: Facts,
  memory: InstanceMemory,
  hostInterface: Pick<Command, "hostInterface">,
  now: Instant,
): Aim {
  const { verdict, until } = judge(facts.status, memory, now);
  if (verdict === "unknown") return { memory, wakeAt: until };
  const aliveSince = memory.aliveSince ?? (verdict === "alive" ? now.mono : Infinity);
  const forgiven = now.mono - aliveSince >= FORGIVEN_AFTER ? { failures: 0, retryAt: 0 } : {};
  if (verdict === "alive") {
    return {
      memory: { ...drop(memory, ["troubleSince"]), aliveSince, ...forgiven },
      wakeAt: until,
    };
  }
  const troubleSince = memory.troubleSince ?? now.mono;
  const troubled = { ...drop(memory, ["aliveSince"]), troubleSince, ...forgiven };
  const pause = verdict === "ended" || verdict === "missing" ? ENDED_PAUSE : 0;
  const command: Command = { id: facts.id, kind: "run", why: TROUBLE[verdict], ...hostInterface };
  return {
    memory: troubled,
    plan: {
      command,
      respawn: true,
      notBefore: Math.max(troubled.retryAt, troubleSince + pause),
    },
    wakeAt: Infinity,
  };
}
