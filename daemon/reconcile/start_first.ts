/**
 * Two versions of a pod, one to start and one to end, where the one that starts asks to be first
 * (`updateOrder: start-first` in pod.yaml): the other one goes on until it is ready. Pure.
 */
import { judge, mayRoute } from "./health.ts";
import type { Facts, InstanceMemory, Instant, Memory } from "./model.ts";
import { START_FIRST_PATIENCE } from "./timing.ts";

/**
 * The instances that go on although their state is stopped or removed, and the one that each waits for.
 * It has to serve still, and the wait ends when another version is ready, none that may become ready
 * soon is left, or after {@link START_FIRST_PATIENCE}. What was let go once is never held again.
 *
 * @param before what was remembered after the turn before
 * @param known the same, brought up to date
 */
export function findHeld(
  instances: readonly Facts[],
  before: Memory,
  known: Memory,
  now: Instant,
): ReadonlyMap<string, string> {
  const held = new Map<string, string>();
  const firsts = instances.filter((facts) => facts.startsFirst && facts.desired === "running");
  if (firsts.length === 0) return held;
  for (const facts of instances) {
    const { id, pod, desired } = facts;
    if (desired !== "stopped" && desired !== "removed") continue;
    const last = before.get(id);
    if (last?.desired === "stopped" || last?.desired === "removed") continue;
    if (now.mono >= holdEnd(last, now) || !serves(facts, known.get(id)!, now)) continue;
    const others = firsts.filter((first) => first.pod === pod && first.id !== id);
    if (others.some((first) => isReady(first, known.get(first.id)!, now))) continue;
    const next = others.find((first) => known.get(first.id)!.failures === 0);
    if (next) held.set(id, next.id);
  }
  return held;
}

/** When (mono) an instance is held no longer in any case. */
export function holdEnd(memory: InstanceMemory | undefined, now: Instant): number {
  return (memory?.heldSince ?? now.mono) + START_FIRST_PATIENCE;
}

/** Whether there is anything to lose: it is ready by its own, fresh word. */
function serves({ status }: Facts, memory: InstanceMemory, now: Instant): boolean {
  return status?.pidAlive !== false && mayRoute(status, memory, now).routes;
}

function isReady({ status }: Facts, memory: InstanceMemory, now: Instant): boolean {
  return memory.applied === "running" && !memory.busy && status?.ready === true &&
    judge(status, memory, now).verdict === "alive";
}
