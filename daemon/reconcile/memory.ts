/** How the memory of one instance changes: by what is seen, and by commands that begin and end. Pure. */
import { followBeat } from "./health.ts";
import type { Busy, Facts, InstanceMemory, Instant, Outcome } from "./model.ts";
import { backOff, SETTLE } from "./timing.ts";

/** Nothing is remembered yet. */
export const NEW: InstanceMemory = { failures: 0, retryAt: 0 };

/** The memory without some of its optional parts. */
export function drop<K extends keyof InstanceMemory>(
  memory: InstanceMemory,
  keys: readonly (K & Exclude<keyof InstanceMemory, "failures" | "retryAt">)[],
): InstanceMemory {
  const copy: { -readonly [P in keyof InstanceMemory]: InstanceMemory[P] } = { ...memory };
  for (const key of keys) delete copy[key];
  return copy;
}

/** Brings a memory up to date with what is seen now and with the end of its command. */
export function remember(
  before: InstanceMemory,
  facts: Facts,
  outcome: Outcome | undefined,
  now: Instant,
): InstanceMemory {
  const heartbeat = followBeat(before.heartbeat, facts.status, now);
  let memory = {
    ...drop(before, ["heartbeat", "deadSince"]),
    ...(heartbeat ? { heartbeat } : {}),
    ...(facts.status?.pidAlive === false ? { deadSince: before.deadSince ?? now.mono } : {}),
  };
  if (outcome && memory.busy) memory = conclude(memory, memory.busy, outcome, facts, now);
  if (facts.desired !== undefined && facts.desired !== memory.desired) {
    memory = {
      ...drop(memory, ["troubleSince", "aliveSince"]),
      desired: facts.desired,
      failures: 0,
      retryAt: 0,
    };
  }
  return memory;
}

/**
 * Notes whether the instance gets traffic from this turn on.
 *
 * @param serves whether it has a mapping: at the first sight the daemon before this one may have taken
 * its traffic away only just now, which nothing tells for certain
 */
export function noteTraffic(
  memory: InstanceMemory,
  serves: boolean,
  routed: boolean,
  now: Instant,
): InstanceMemory {
  const left = (memory.routed ?? serves) && !routed;
  return { ...memory, routed, ...(left ? { unroutedAt: now.mono } : {}) };
}

/** A command begins. What it will have done is not known until it ends well. */
export function begin(memory: InstanceMemory, busy: Busy, now: Instant): InstanceMemory {
  const touched = isPartial(busy) ? memory : drop(memory, ["applied"]);
  return { ...touched, busy, startedAt: now.mono };
}

function conclude(
  memory: InstanceMemory,
  busy: Busy,
  outcome: Outcome,
  facts: Facts,
  now: Instant,
): InstanceMemory {
  const rest = {
    ...drop(memory, ["busy", "troubleSince", "aliveSince", "settling"]),
    settling: { beat: facts.status?.beat, until: now.mono + SETTLE },
  };
  if (isPartial(busy)) return rest;
  const { kind, hostInterface } = busy.command;
  const applied = kind === "stop" ? "stopped" : kind === "rm" ? "removed" : "running";
  // What a command for an earlier wish came to says nothing about the present one.
  const counts = applied === memory.desired;
  const lasting = outcome.ok && !busy.respawn;
  const failures = !counts ? memory.failures : lasting ? memory.failures : memory.failures + 1;
  const retryAt = counts ? now.mono + backOff(failures) : memory.retryAt;
  if (!outcome.ok) return { ...rest, failures, retryAt };
  return {
    ...drop(rest, ["hostInterface"]),
    applied,
    failures,
    retryAt,
    ...(applied === "running" && hostInterface !== undefined ? { hostInterface } : {}),
  };
}

/** Whether the supervisor is known to be well, so that a refresh of its status is no news. */
export function isSteady(memory: InstanceMemory | undefined): boolean {
  return memory?.aliveSince !== undefined && !memory.busy;
}

/** Whether the command concerns single containers, which leaves the pod's state as it is. */
function isPartial({ command }: Busy): boolean {
  return command.kind === "rerun" && (command.containers ?? []).length > 0;
}
