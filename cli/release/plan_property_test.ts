import assert from "node:assert/strict";
import fc from "fast-check";
import type { ReleaseOptions } from "./model.ts";
import { type Scenario, SimulatedCluster, TICK, type Trouble } from "./simulated_cluster.ts";

const SOFT: ReleaseOptions = {
  mode: "soft",
  timeoutMs: 20_000,
  drainMs: 10_000,
  settleMs: 1_000,
  lenient: false,
};
const LIMIT = 2_000;

const kills = fc.array(fc.record({ at: fc.nat(80), kind: fc.constant("kill" as const) }), {
  maxLength: 5,
});
const harm = fc.record({
  at: fc.nat(80),
  kind: fc.constantFrom("lost" as const, "daemon" as const, "dies" as const),
  host: fc.nat(5),
});
const hosts = fc.integer({ min: 2, max: 4 });

const scenario = (troubles: fc.Arbitrary<Trouble[]>, never: boolean): fc.Arbitrary<Scenario> =>
  hosts.chain((count) =>
    fc.record({
      hosts: fc.constant(count),
      readyAfter: fc.array(
        never ? fc.option(fc.integer({ min: 0, max: 15 }), { nil: undefined }) : fc.integer({
          min: 0,
          max: 15,
        }),
        { minLength: count, maxLength: count },
      ),
      daemonLag: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: count, maxLength: count }),
      connectionTicks: fc.nat(30),
      troubles,
    })
  );

/** What the project says of each host, old and new. */
function states(cluster: SimulatedCluster): Set<string> {
  return new Set(cluster.project.map((entries) => {
    const word = (version: "old" | "new") => {
      const entry = entries.get(version) ?? { state: "removed", parked: false };
      return entry.state === "running" && entry.parked ? "parked" : entry.state;
    };
    return `old ${word("old")}, new ${word("new")}`;
  }));
}

const ALL_NEW = "old removed, new running";
const ALL_OLD = "old running, new removed";

Deno.test("planRelease: without trouble, killed anywhere, a soft release ends in all new", () => {
  fc.assert(fc.property(scenario(kills, false), (each) => {
    const cluster = new SimulatedCluster(each, SOFT);
    assert.equal(cluster.run(LIMIT), "new");
    assert.deepEqual([...states(cluster)], [ALL_NEW]);
    assert.deepEqual(cluster.gaps, []);
  }));
});

Deno.test("planRelease: with any trouble on one host, killed anywhere, all new or all old and always served", () => {
  const troubles = fc.tuple(kills, harm).map(([list, one]): Trouble[] => [...list, one]);
  fc.assert(
    fc.property(scenario(troubles, true), (each) => {
      const cluster = new SimulatedCluster(each, SOFT);
      const end = cluster.run(LIMIT);
      assert.ok(end === "new" || end === "old", `it ended ${end}`);
      assert.deepEqual([...states(cluster)], [end === "new" ? ALL_NEW : ALL_OLD]);
      assert.deepEqual(cluster.gaps, []);
    }),
    { numRuns: 300 },
  );
});

Deno.test("planRelease: a version that never becomes ready gets no traffic at all", () => {
  fc.assert(fc.property(scenario(kills, false), (each) => {
    const cluster = new SimulatedCluster({
      ...each,
      readyAfter: each.readyAfter.map(() => undefined),
    }, SOFT);
    assert.equal(cluster.run(LIMIT), "old");
    assert.deepEqual([...states(cluster)], [ALL_OLD]);
    assert.deepEqual(cluster.gaps, []);
    assert.ok(cluster.hosts.every((host) => host.pods.old.starts === 1), "old was restarted");
  }));
});

Deno.test("planRelease: hard and safe releases end in all new, or all old after a failure", () => {
  for (const mode of ["hard", "safe"] as const) {
    fc.assert(fc.property(scenario(kills, true), (each) => {
      const cluster = new SimulatedCluster(each, { ...SOFT, mode });
      const end = cluster.run(LIMIT);
      const able = each.readyAfter.every((after) => after !== undefined);
      assert.equal(end, able ? "new" : "old");
      assert.deepEqual([...states(cluster)], [able ? ALL_NEW : ALL_OLD]);
    }));
  }
});

Deno.test("planRelease: a safe release never runs both versions on a host", () => {
  fc.assert(fc.property(scenario(kills, true), (each) => {
    const cluster = new SimulatedCluster(each, { ...SOFT, mode: "safe" });
    for (let limit = 1; cluster.tick < 400; limit++) {
      if (cluster.run(limit) !== undefined) break;
      for (const { pods } of cluster.hosts) {
        assert.ok(pods.old.startedAt === undefined || pods.new.startedAt === undefined);
      }
    }
  }));
});

Deno.test("planRelease: connections of the old version get their time, and no more", () => {
  const run = (connectionTicks: number) => {
    const cluster = new SimulatedCluster({
      hosts: 3,
      readyAfter: [1, 1, 1],
      daemonLag: [0, 0, 0],
      connectionTicks,
      troubles: [],
    }, SOFT);
    assert.equal(cluster.run(LIMIT), "new");
    return cluster.tick;
  };
  const [none, some, endless] = [run(0), run(8), run(100_000)];
  assert.ok(some > none + 4 && some < none + 12, `${none} ${some}`);
  const drainTicks = SOFT.drainMs / TICK;
  assert.ok(endless >= none + drainTicks - 4 && endless < none + drainTicks + 8, `${endless}`);
});
