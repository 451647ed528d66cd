import assert from "node:assert/strict";
import { MappingCounts } from "./mapping_counts.ts";

const mapping = (hostPort: number, clusterPort = 61000) => ({
  clusterPort,
  hostPort,
  maxConn: 1,
  sendProxy: false,
});
const cells = (counts: MappingCounts, ...ports: number[]) =>
  counts.assign(ports.map((port) => mapping(port))).map(({ cell }) => cell);

Deno.test("a mapping keeps its cell as long as it is listed or carries connections", () => {
  const counts = new MappingCounts();
  const [one, two] = cells(counts, 1, 2);
  assert.notEqual(one, two);
  assert.deepEqual(cells(counts, 2, 1, 3).slice(0, 2), [two, one]);
  Atomics.add(counts.cells, one!, 1);
  cells(counts);
  const [four, five, six] = cells(counts, 4, 5, 6);
  assert.ok(![four, five, six].includes(one), "a busy cell is not given to others");
  assert.deepEqual(cells(counts, 1), [one]);
  Atomics.sub(counts.cells, one!, 1);
});

Deno.test("cells are used again, and one too many is an error that leaves the others alone", () => {
  const counts = new MappingCounts();
  const all = (first: number) =>
    Array.from({ length: 65535 }, (_, index) => mapping(index + 1, first));
  assert.equal(counts.assign(all(1)).length, 65535);
  assert.equal(counts.assign(all(2)).length, 65535);
  assert.throws(() => counts.assign([...all(2), ...all(3)]), /More than 65536 mappings/);
  assert.equal(counts.assign(all(4)).length, 65535);
});
