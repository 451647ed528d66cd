import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatPortMappings,
  parsePortMapping,
  parsePortMappings,
  type PortMapping,
} from "./port_mappings.ts";

Deno.test("parsePortMapping", () => {
  const mapping = { clusterPort: 61000, hostPort: 30000, maxConn: 10, sendProxy: true };
  const cases: [string, PortMapping | undefined][] = [
    ["61000:30000:10:true", mapping],
    ["61000:30000:10:false", { ...mapping, sendProxy: false }],
    ["61000:30000:0:false", { ...mapping, maxConn: 0, sendProxy: false }],
    ["61000:30000:10", undefined],
    ["61000:30000:10:yes", undefined],
    ["61000:30000:10:true:", undefined],
    ["61000:30000:-1:true", undefined],
    ["61000:30000::true", undefined],
    ["0:30000:1:true", undefined],
    ["61000:65536:1:true", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parsePortMapping(text), expected, text);
});

Deno.test("parsePortMappings takes any white space, and reports what is malformed", () => {
  assert.deepEqual(parsePortMappings("1:2:3:true  4:5:6:false \n\n7:8\t\n"), {
    entries: [
      { clusterPort: 1, hostPort: 2, maxConn: 3, sendProxy: true },
      { clusterPort: 4, hostPort: 5, maxConn: 6, sendProxy: false },
    ],
    problems: ['"7:8" is not clusterPort:hostPort:maxConn:sendProxy'],
  });
  assert.equal(formatPortMappings([]), "\n");
});

Deno.test("parsePortMappings is the inverse of formatPortMappings and never throws", () => {
  const port = fc.integer({ min: 1, max: 65535 });
  const mapping = fc.record({
    clusterPort: port,
    hostPort: port,
    maxConn: fc.nat(),
    sendProxy: fc.boolean(),
  }, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(mapping), (entries) => {
      assert.deepEqual(parsePortMappings(formatPortMappings(entries)), { entries, problems: [] });
    }),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      parsePortMappings(text);
    }),
    { numRuns: 500 },
  );
});
