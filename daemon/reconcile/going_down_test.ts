import { deepStrictEqual } from "node:assert/strict";
import { areDown, asGoingDown } from "./going_down.ts";
import type { Facts, InstanceMemory } from "./model.ts";

type State = Facts["desired"];

function host(pods: Readonly<Record<string, readonly [desired: State, applied: State]>>) {
  const entries = Object.entries(pods);
  const instances = entries.map(([pod, [desired]]): Facts => {
    return { id: `${pod}/1`, pod, serves: true, ...(desired === undefined ? {} : { desired }) };
  });
  const memory = new Map(entries.map(([pod, [desired, applied]]): [string, InstanceMemory] => {
    const known = desired === undefined ? {} : { desired };
    const done = applied === undefined ? {} : { applied };
    return [`${pod}/1`, { failures: 0, retryAt: 0, ...known, ...done }];
  }));
  return { instances, memory };
}

for (
  const [what, pods, asked] of [
    ["all but the proxy stop first", {
      proxy: ["running", "running"],
      web: ["running", "running"],
    }, ["running", "stopped"]],
    ["the proxy stops once the others have", {
      proxy: ["running", "running"],
      web: ["running", "stopped"],
    }, ["stopped", "stopped"]],
    ["what is stopping is not down yet", {
      proxy: ["running", "running"],
      web: ["running", undefined],
    }, ["running", "stopped"]],
    ["what was to go goes", { web: ["removed", undefined], db: ["stopped", "stopped"] }, [
      "removed",
      "stopped",
    ]],
    ["what nobody asked for is left alone", { web: [undefined, undefined] }, [undefined]],
  ] as const
) {
  Deno.test(`a machine that goes down: ${what}`, () => {
    const { instances, memory } = host(pods);
    deepStrictEqual(asGoingDown(instances, memory).map(({ desired }) => desired), [...asked]);
  });
}

Deno.test("a machine that goes down: a state that can't be read now counts as it was", () => {
  const { instances, memory } = host({ web: ["running", "running"] });
  const [{ desired: _, ...unread }] = instances as [Facts];
  deepStrictEqual(asGoingDown([unread], memory)[0]!.desired, "stopped");
});

Deno.test("all are down when none of those that ran runs", () => {
  for (
    const [pods, down] of [
      [{}, true],
      [
        { web: ["stopped", "stopped"], db: ["removed", "removed"], x: [undefined, undefined] },
        true,
      ],
      [{ web: ["stopped", "running"] }, false],
      [{ web: ["stopped", undefined] }, false],
    ] as const
  ) {
    const { instances, memory } = host(pods);
    deepStrictEqual(areDown(instances, memory), down);
  }
});
