import assert from "node:assert/strict";
import fc from "fast-check";
import type { PortMapping } from "./conf/mod.ts";
import { MappingCounts } from "./mapping_counts.ts";
import { type Lease, RoutingTable } from "./routing_table.ts";

const mapping = (hostPort: number, maxConn = 10, clusterPort = 61000): PortMapping => ({
  clusterPort,
  hostPort,
  maxConn,
  sendProxy: false,
});
/** A table that assigns the cells of what it loads. */
class TestTable extends RoutingTable {
  constructor(readonly counts = new MappingCounts()) {
    super(counts.cells);
  }

  loadMappings(mappings: readonly PortMapping[]): void {
    this.load(this.counts.assign(mappings));
  }
}
const hostPorts = (table: RoutingTable, now = 0) =>
  table.order(61000, now).map((route) => route.mapping.hostPort);

Deno.test("least connections first, then the longest unused", () => {
  const table = new TestTable();
  table.loadMappings([mapping(1), mapping(2), mapping(3)]);
  const taken: number[] = [];
  for (let turn = 0; turn < 6; turn++) {
    const route = table.order(61000, 0)[0]!;
    taken.push(route.mapping.hostPort);
    const lease = table.take(route)!;
    if (turn % 3 === 0) lease.release();
  }
  assert.deepEqual(taken, [1, 2, 3, 1, 1, 2]);
  assert.deepEqual(hostPorts(table), [3, 1, 2]);
});

Deno.test("what failed lately comes last, but is not left out", () => {
  const table = new TestTable();
  table.loadMappings([mapping(1), mapping(2)]);
  table.avoid(mapping(1), 1000);
  table.take(table.order(61000, 999)[0]!);
  assert.deepEqual(hostPorts(table, 999), [2, 1]);
  assert.deepEqual(hostPorts(table, 1000), [1, 2]);
});

Deno.test("limits and counts live through reloads", () => {
  const table = new TestTable();
  table.loadMappings([mapping(1, 2)]);
  const route = table.order(61000, 0)[0]!;
  const leases = [table.take(route)!, table.take(route)!];
  assert.equal(table.take(route), undefined);

  table.loadMappings([mapping(1, 2)]);
  assert.equal(table.take(table.order(61000, 0)[0]!), undefined);
  table.loadMappings([mapping(1, 3)]);
  assert.ok(table.take(table.order(61000, 0)[0]!));
  table.loadMappings([]);
  assert.equal(table.has(61000), false);
  table.loadMappings([mapping(1, 3)]);
  assert.equal(table.take(table.order(61000, 0)[0]!), undefined);
  leases[0]!.release();
  leases[0]!.release();
  assert.equal(table.order(61000, 0)[0]!.active, 2);
});

Deno.test("tables of several threads keep one limit together", () => {
  const counts = new MappingCounts();
  const [one, two] = [new TestTable(counts), new TestTable(counts)];
  for (const table of [one, two]) table.loadMappings([mapping(1, 2)]);
  const take = (table: TestTable) => table.take(table.order(61000, 0)[0]!);
  const lease = take(one)!;
  assert.ok(take(two));
  assert.equal(take(one), undefined);
  assert.equal(take(two), undefined);
  assert.equal(one.order(61000, 0)[0]!.active, 2);
  lease.release();
  assert.ok(take(two));
});

Deno.test("a mapping that is gone is forgotten with its last connection", () => {
  const table = new TestTable();
  table.loadMappings([mapping(1)]);
  const lease = table.take(table.order(61000, 0)[0]!)!;
  table.loadMappings([]);
  assert.equal(table.routes().length, 1);
  lease.release();
  assert.equal(table.routes().length, 0);
});

Deno.test("never more than maxConn, and the count is that of the leases held", () => {
  const step = fc.oneof(
    fc.record({ load: fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(4))) }),
    fc.record({ take: fc.nat(3) }),
    fc.record({ release: fc.nat(9) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const table = new TestTable();
      const held: Lease[] = [];
      const count = (port: number) =>
        held.filter((lease) => lease.mapping.hostPort === port).length;
      for (const each of steps) {
        if ("load" in each) table.loadMappings(each.load.map(([port, max]) => mapping(port, max)));
        else if ("take" in each) {
          const route = table.order(61000, 0)[each.take];
          if (!route) continue;
          const full = count(route.mapping.hostPort) >= route.mapping.maxConn;
          const lease = table.take(route);
          assert.equal(lease === undefined, full);
          if (lease) held.push(lease);
        } else held.splice(each.release, 1)[0]?.release();
        for (const route of table.routes()) {
          assert.equal(route.active, count(route.mapping.hostPort));
        }
      }
    }),
    { numRuns: 300 },
  );
});
