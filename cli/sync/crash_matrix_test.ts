/** One sync of everything that a plan can hold, with every fault at every moment of it. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { crashStory } from "../testing/sim/crash_story.ts";
import { FAULT_KINDS, type FaultKind } from "../testing/sim/faults.ts";
import { play } from "../testing/sim/schedule.ts";

/** What hits a host between any two calls of a program. */
const IN_PROGRAMS: readonly FaultKind[] = ["kill program", "power", "full"];
/** What does not depend on where exactly a program stands. */
const BESIDE: readonly FaultKind[] = ["kill sns", "second", "partition"];

Deno.test("crash matrix: every fault at every request of a sync, and in every call on its hosts", async () => {
  const calm = await play(crashStory([]));
  deepStrictEqual(calm.violations, []);
  const failures: string[] = [];
  let stories = 0;
  for (const [index, place] of calm.moments.entries()) {
    const isRequest = / to h\d: /.test(place);
    const kinds = isRequest
      ? FAULT_KINDS
      : index % 5 === 0
      ? [...IN_PROGRAMS, ...BESIDE]
      : IN_PROGRAMS;
    for (const kind of kinds) {
      const fault = { kind, moment: index + 1, among: "all" } as const;
      // Back to the old state or on to the new one, in turns.
      const { violations, struck, trace } = await play(
        crashStory([fault], stories++ % 2 === 0 ? 1 : 2),
      );
      strictEqual(struck, 1, `${kind} at ${place} did not happen`);
      if (violations.length > 0) failures.push([...trace, ...violations].join("\n"));
      ok(failures.length < 5, failures.join("\n\n"));
    }
  }
  deepStrictEqual(failures, []);
  ok(stories > 1000, `only ${stories} stories`);
});
