import assert from "node:assert/strict";
import fc from "fast-check";
import { Ceilings } from "./ceilings.ts";
import { MappingCounts } from "./mapping_counts.ts";
import { RoutingTable } from "./routing_table.ts";

const mapping = (maxConn: number, hostPort = 1) => ({
  clusterPort: 61000,
  hostPort,
  maxConn,
  sendProxy: false,
});

Deno.test("half of what is free stays until the successor serves, then what is in use, and who waits keeps room", () => {
  const counts = new MappingCounts();
  const mappings = counts.assign([mapping(10), mapping(3, 2)]);
  const [one, two] = mappings;
  Atomics.add(counts.cells, one!.cell, 4);
  Atomics.add(counts.cells, two!.cell, 3);
  const ceilings = new Ceilings(counts.counted(mappings), counts.cells);
  assert.deepEqual(ceilings.limit(mappings).map(({ maxConn }) => maxConn), [7, 3]);
  assert.deepEqual(ceilings.news(), [[61000, 1, 7], [61000, 2, 3]]);
  assert.deepEqual([ceilings.isLoose, ceilings.lower(new Set([61000]))], [true, false]);
  assert.equal(ceilings.lower(new Set()), true);
  assert.deepEqual(ceilings.news(), [[61000, 1, 4]]);
  assert.deepEqual([ceilings.isLoose, ceilings.lower(new Set()), ceilings.news()], [
    false,
    false,
    [],
  ]);
  Atomics.sub(counts.cells, one!.cell, 4);
  ceilings.lower(new Set());
  assert.deepEqual(ceilings.news(), [[61000, 1, 0]]);
});

Deno.test("whatever the two processes do, they never have more than maxConn together", () => {
  const step = fc.oneof(
    fc.record({ who: fc.constantFrom("old", "new"), does: fc.constantFrom("take", "release") }),
    fc.record({ who: fc.constant("old"), does: fc.constantFrom("lower", "wait", "tell") }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 6 }),
      fc.array(step, { maxLength: 80 }),
      (maxConn, begun, steps) => {
        const sides = [new MappingCounts(), new MappingCounts()].map((counts) => {
          const table = new RoutingTable(counts.cells);
          const mappings = counts.assign([mapping(maxConn)]);
          table.load(mappings);
          return { counts, table, mappings, leases: [] as { release(): void }[] };
        });
        const [old, heir] = sides as [typeof sides[number], typeof sides[number]];
        const take = (side: typeof old) => {
          const [route] = side.table.order(61000, 0);
          const lease = route && side.table.take(route);
          if (lease) side.leases.push(lease);
        };
        for (let count = 0; count < begun; count++) take(old);
        const ceilings = new Ceilings(old.counts.counted(old.mappings), old.counts.cells);
        const tell = () => {
          old.table.load(ceilings.limit(old.mappings));
          heir.counts.hold(old, ceilings.news());
        };
        tell();
        let waits = false;
        for (const { who, does } of steps) {
          const side = who === "old" ? old : heir;
          if (does === "take") take(side);
          else if (does === "release") side.leases.pop()?.release();
          else if (does === "wait") waits = !waits;
          else {
            if (does === "lower") ceilings.lower(waits ? new Set([61000]) : new Set());
            tell();
          }
          assert.ok(old.leases.length + heir.leases.length <= maxConn);
        }
        for (const lease of old.leases.splice(0)) lease.release();
        ceilings.lower(new Set());
        tell();
        for (let count = 0; count < maxConn; count++) take(heir);
        assert.equal(heir.leases.length, maxConn);
      },
    ),
  );
});
