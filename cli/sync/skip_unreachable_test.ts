/** With --skip-unreachable, a host that goes away at any time holds nobody up. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Random } from "../testing/random.ts";
import { Clock } from "../testing/sim/clock.ts";
import { crashStory } from "../testing/sim/crash_story.ts";
import { Machine } from "../testing/sim/machine.ts";
import { Operator } from "../testing/sim/operator.ts";
import { Watch } from "../testing/sim/watch.ts";

const HOUR_MS = 3_600_000;

/** Syncs three hosts; one of them can't be reached any more from its n-th request on. */
async function syncWithout(gone: string, from: number, skipUnreachable: boolean) {
  const clock = new Clock();
  const random = new Random(1);
  const { commits } = crashStory([]);
  const machines = ["h1", "h2", "h3"].map((name) => {
    const machine = new Machine(name, clock, random);
    commits[0]!.layDown(machine.tree, name);
    return machine;
  });
  const watches = machines.map((machine) => new Watch(machine, commits, 0));
  const options = { name: "ann", commit: commits[1]!, sync: { skipUnreachable } };
  const operator = new Operator(clock, random, machines, options);
  let requests = 0;
  operator.onRequest = (link, _program, when) => {
    if (link.name === gone && when === "send" && ++requests >= from) link.cut(HOUR_MS);
  };
  operator.start();
  await clock.run(() => operator.over, HOUR_MS);
  for (const watch of watches) {
    const outcome = operator.outcomes?.find(({ host }) => host === watch.machine.name);
    if (outcome?.result === "done") watch.checkFinal(commits[1]!, watch.machine.name !== gone);
  }
  deepStrictEqual(watches.flatMap(({ violations }) => violations), []);
  return Object.fromEntries(operator.outcomes!.map(({ host, result }) => [host, result]));
}

for (const gone of ["h1", "h2", "h3"]) {
  const others = (result: string) =>
    Object.fromEntries(
      ["h1", "h2", "h3"].filter((host) => host !== gone).map((host) => [host, result]),
    );

  Deno.test(`${gone} is gone at the look, at the lock, at the delivery: the others are synced`, async () => {
    // Looked at, locked, delivered to, unlocked.
    const results = ["skipped", "skipped", "failed", "done"];
    for (const [index, result] of results.entries()) {
      const outcomes = await syncWithout(gone, index + 1, true);
      deepStrictEqual(outcomes, { ...others("done"), [gone]: result }, `request ${index + 1}`);
    }
  });

  Deno.test(`${gone} is gone before the delivery: nobody is touched without --skip-unreachable`, async () => {
    for (const request of [1, 2]) {
      const outcomes = await syncWithout(gone, request, false);
      deepStrictEqual(outcomes, { ...others("skipped"), [gone]: "failed" });
    }
    strictEqual((await syncWithout(gone, 3, false))[gone], "failed");
  });
}
