/** The programs of `cli/remote/*.sh` as a simulated host runs them; conformance_test.ts compares the two. */
import { REMOTE_PROGRAMS } from "../../remote/programs.ts";
import { apply } from "./apply_program.ts";
import { breakLock, heartbeat, lock, unlock } from "./lock_programs.ts";
import { observe } from "./observe_program.ts";
import type { Program, System } from "./system.ts";

type Name = keyof typeof REMOTE_PROGRAMS;

/** The programs that a sync runs, and those of `host unlock`. */
export const SIM_PROGRAMS = {
  observe,
  lock,
  lockAndObserve,
  heartbeat,
  unlock,
  apply,
  breakLock,
} satisfies Partial<Record<Name, (system: System) => Program>>;

export type SimProgramName = keyof typeof SIM_PROGRAMS;

/** The name of a program by its text. */
export function programName(script: string): SimProgramName {
  const names = Object.keys(SIM_PROGRAMS) as SimProgramName[];
  const name = names.find((each) => REMOTE_PROGRAMS[each] === script);
  if (name === undefined) throw new Error(`No model of the program: ${script.slice(0, 2000)}`);
  return name;
}

function* lockAndObserve(system: System): Program {
  yield* lock(system);
  yield* observe(system);
}
