/** Judges a pod's supervisor from its status file. Pure. */
import type { Heartbeat, InstanceMemory, Instant, StatusFacts } from "./model.ts";
import { DEAD_UNROUTED_AFTER, STALE_AFTER, UNROUTED_AFTER } from "./timing.ts";

/** A judgement, and when (mono) it may turn into another one without any news. */
export interface Health {
  /**
   * `alive`; `unknown` (too early to say); `ended` (it says so itself); `dead` (its process is gone);
   * `stale` (no refresh for too long); `missing` (no status file).
   */
  readonly verdict: "alive" | "unknown" | "ended" | "dead" | "stale" | "missing";
  readonly until: number;
}

export const TROUBLE = {
  ended: "its supervisor has ended",
  dead: "its supervisor's process is gone",
  stale: "its supervisor does not refresh its status",
  missing: "it has no status file",
} as const;

/** Clocks of one machine may differ by this much between a write and a look (milliseconds). */
const CLOCK_SLACK = 5_000;

/**
 * Follows a status file's refreshes. A file that is seen to change is as old as the monotonic clock
 * says, whatever jumps the wall clock makes; only the first look has to believe the wall clock. One
 * that does not say when it was refreshed never grows old.
 */
export function followBeat(
  previous: Heartbeat | undefined,
  status: StatusFacts | undefined,
  now: Instant,
): Heartbeat | undefined {
  if (status === undefined) return undefined;
  if (previous?.beat === status.beat) return previous;
  if (status.updatedMs === undefined) {
    return { beat: status.beat, age: -Infinity, seenAt: now.mono };
  }
  const age = now.wall - status.updatedMs;
  const plausible = age >= -CLOCK_SLACK && (previous === undefined || age <= STALE_AFTER);
  const doubtful = previous === undefined ? Infinity : 0;
  return {
    beat: status.beat,
    age: plausible ? Math.max(0, age) : doubtful,
    seenAt: now.mono,
  };
}

/** Judges the supervisor of a pod that ought to run and was run. */
export function judge(
  status: StatusFacts | undefined,
  memory: InstanceMemory,
  now: Instant,
): Health {
  const { settling, heartbeat } = memory;
  if (settling && now.mono < settling.until && settling.beat === status?.beat) {
    return { verdict: "unknown", until: settling.until };
  }
  if (status === undefined || heartbeat === undefined) {
    return { verdict: "missing", until: Infinity };
  }
  if (hasEnded(status)) return { verdict: "ended", until: Infinity };
  if (status.pidAlive === false) return { verdict: "dead", until: Infinity };
  const staleAt = heartbeat.seenAt + STALE_AFTER - heartbeat.age;
  return now.mono >= staleAt
    ? { verdict: "stale", until: Infinity }
    : { verdict: "alive", until: staleAt };
}

/** Whether the pod may get traffic by its own word, and until when (mono) that holds without news. */
export function mayRoute(
  status: StatusFacts | undefined,
  memory: InstanceMemory,
  now: Instant,
): { readonly routes: boolean; readonly until: number } {
  const { heartbeat, deadSince } = memory;
  if (!status?.ready || hasEnded(status) || heartbeat === undefined) {
    return { routes: false, until: Infinity };
  }
  const until = Math.min(
    heartbeat.seenAt + UNROUTED_AFTER - heartbeat.age,
    deadSince === undefined ? Infinity : deadSince + DEAD_UNROUTED_AFTER,
  );
  return now.mono < until ? { routes: true, until } : { routes: false, until: Infinity };
}

function hasEnded(status: StatusFacts): boolean {
  return status.word === "exited" || status.word === "removed";
}
