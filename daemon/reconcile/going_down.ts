/** The machine goes down: all pods are to stop, whatever their files say for the time after. Pure. */
import type { Facts, Memory } from "./model.ts";

/** The pod that carries the connections of the others: it goes last. */
const CARRIER = "proxy";

/** As if the files asked for the end of all pods, and of the proxy once the others have ended. */
export function asGoingDown(instances: readonly Facts[], memory: Memory): readonly Facts[] {
  const others = instances.filter(({ pod }) => pod !== CARRIER);
  const mayAllGo = areDown(others, memory);
  return instances.map((facts) => {
    const desired = facts.desired ?? memory.get(facts.id)?.desired;
    const stays = facts.pod === CARRIER && !mayAllGo;
    return desired !== "running" || stays ? facts : { ...facts, desired: "stopped" };
  });
}

/** Whether all have ended that ever ran. */
export function areDown(instances: readonly Facts[], memory: Memory): boolean {
  return instances.every(({ id }) => {
    const { desired, applied } = memory.get(id) ?? {};
    return desired === undefined || applied === "stopped" || applied === "removed";
  });
}
