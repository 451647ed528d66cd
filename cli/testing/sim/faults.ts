/** What can go wrong in a simulated sync. */
import type { Random } from "../random.ts";
import type { Machine, Process } from "./machine.ts";
import type { Operator } from "./operator.ts";

/**
 * - `cut`: the connection of an operator to the host ends, with a new one at once or later
 * - `partition`: the same without a sign to either side
 * - `kill sns`: kill -9 of an operator; `interrupt`: Ctrl-C
 * - `stall`: an operator stands still for longer than its locks last, and another one may begin
 * - `kill program`: kill -9 of what runs on the host
 * - `crash`: the host stops, and comes back; `power`: what was not on the disk yet may be lost, too
 * - `full`: another program fills the host's disk; `operator full`: that of the operator
 * - `clock`: the host's clock jumps
 * - `slow`: the link becomes slow
 * - `second`: another operator begins to sync
 */
export const FAULT_KINDS = [
  "cut",
  "partition",
  "kill sns",
  "interrupt",
  "stall",
  "kill program",
  "crash",
  "power",
  "full",
  "operator full",
  "clock",
  "slow",
  "second",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** One fault, at one moment. */
export interface Fault {
  readonly kind: FaultKind;
  /** The n-th, counted from 1. */
  readonly moment: number;
  /** Counted are the begins and ends of requests alone, or also the calls of programs. */
  readonly among: "requests" | "all";
}

/** Where a moment is. */
export interface Moment {
  readonly machine: Machine;
  /** Whose request it is; some operator, where a program of a host stands. */
  readonly operator: Operator;
  readonly process?: Process;
}

/** Moments of a usual sync, among which faults are strewn. */
const MOMENTS = { requests: 30, all: 400 };

/** Up to three faults. */
export function randomFaults(random: Random): Fault[] {
  return Array.from({ length: 1 + random.below(3) }, () => {
    const among = random.pick(["requests", "all"] as const);
    return { kind: random.pick(FAULT_KINDS), moment: 1 + random.below(MOMENTS[among]), among };
  });
}

/** Makes it happen. `second` starts the other operator. */
export function strike(
  kind: FaultKind,
  { machine, operator, process }: Moment,
  random: Random,
  second: () => void,
): void {
  const link = operator.links.get(machine.name)!;
  const someMs = () => random.chance(0.5) ? 0 : random.below(60_000);
  switch (kind) {
    case "cut":
      return link.cut(someMs());
    case "partition":
      return link.cut(someMs(), true);
    case "kill sns":
      return operator.kill();
    case "interrupt":
      return operator.interrupt();
    case "stall":
      // Somebody may take over what was locked, and be done or not when it goes on.
      if (random.chance(0.7)) machine.clock.after(25_000 + random.below(30_000), second);
      return operator.stall(20_000 + random.below(40_000));
    case "kill program":
      return (process ?? [...machine.processes][0])?.kill();
    case "crash":
    case "power":
      machine.crash(kind === "power");
      return void machine.clock.after(random.below(60_000), () => machine.up = true);
    case "full":
      machine.tree.room = random.chance(0.3) ? 0 : random.below(3000);
      return;
    case "operator full":
      operator.fullDisk = true;
      return;
    case "clock":
      machine.clockOffset += random.below(7200) * (random.chance(0.5) ? 1 : -1);
      return;
    case "slow":
      link.state.rttMs = random.below(5000);
      link.state.bytesPerMs = random.pick([0.05, 0.5, 5]);
      return;
    case "second":
      return second();
  }
}
