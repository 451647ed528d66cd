import assert from "node:assert/strict";
import fc from "fast-check";
import { inRange, parsePortRanges, type PortRange } from "./conf/mod.ts";
import { judgeLocalPorts, parseLocalPortRange, portsLeft } from "./local_ports.ts";

const USUAL = { first: 32768, last: 60999 };

Deno.test("parseLocalPortRange reads what the kernel writes", () => {
  assert.deepEqual(parseLocalPortRange("32768\t60999\n"), USUAL);
  for (const text of ["", "1", "1 2 3", "a b", "5 3", "-1 5"]) {
    assert.equal(parseLocalPortRange(text), undefined, text);
  }
});

Deno.test("what is said of CLUSTERPORTS beside the usual local ports", () => {
  const cases: [string, number, string | undefined, number?][] = [
    ["61000-65535", 32767, undefined],
    ["1024-29999", 32767, undefined],
    ["1024-29999", 40000, undefined],
    ["60999-65535", 32767, "warn", 28231],
    ["40000-49999", 32767, "warn", 18232],
    ["40000-49999", 50000, "warn", 18231],
    ["32768-59999", 32767, "error", 1000],
    ["1024-29999,32768-65535", 32767, "error", 0],
  ];
  for (const [ports, port, level, left] of cases) {
    const found = judgeLocalPorts(USUAL, parsePortRanges(ports)!, port);
    assert.deepEqual([found?.level, found?.fields.left], [level, left], ports);
  }
  const none = judgeLocalPorts(USUAL, [USUAL], 1);
  assert.match(none!.event, /nothing on this machine can connect/);
  assert.equal(none!.fields.localPorts, "32768-60999");
});

Deno.test("portsLeft counts the ports that no range has", () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(20))
    .map(([first, more]): PortRange => ({ first, last: first + more }));
  fc.assert(fc.property(range, fc.array(range, { maxLength: 4 }), (local, listened) => {
    let left = 0;
    for (let port = local.first; port <= local.last; port++) {
      if (!listened.some((each) => inRange(port, each))) left++;
    }
    assert.equal(portsLeft(local, listened), left);
  }));
});
