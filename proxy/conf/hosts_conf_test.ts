import assert from "node:assert/strict";
import fc from "fast-check";
import { formatHostsConf, parseHostAddress, parseHostsConf, tellProblems } from "./hosts_conf.ts";

Deno.test("tellProblems is the problems as one text, short also for thousands of long ones", () => {
  assert.equal(tellProblems([]), "");
  assert.equal(tellProblems(["a", "b"]), "a; b");
  const long = tellProblems(Array.from({ length: 2000 }, (_, n) => `${n} ${"x".repeat(9000)}`));
  assert.match(long, /^0 x+\.\.\.; 1 x+.*; and 1995 more$/);
  assert.ok(long.length < 1000);
});

Deno.test("parseHostAddress", () => {
  const cases: [string, { hostname: string; port: number } | undefined][] = [
    ["10.0.0.1:32767", { hostname: "10.0.0.1", port: 32767 }],
    ["web-1.example:1", { hostname: "web-1.example", port: 1 }],
    ["[fd00::1]:65535", { hostname: "fd00::1", port: 65535 }],
    ["fd00::1:80", undefined],
    ["10.0.0.1", undefined],
    ["10.0.0.1:0", undefined],
    ["10.0.0.1:65536", undefined],
    ["10.0.0.1:80x", undefined],
    [":80", undefined],
    ["a b:80", undefined],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parseHostAddress(text), expected, text);
});

Deno.test("parseHostsConf keeps the order and reports the rest", () => {
  assert.deepEqual(parseHostsConf("# own first\n10.0.0.2:1\r\n\nnonsense\n10.0.0.1:2"), {
    entries: [{ hostname: "10.0.0.2", port: 1 }, { hostname: "10.0.0.1", port: 2 }],
    problems: ['line 4: "nonsense" is not address:port'],
  });
});

Deno.test("parseHostsConf is the inverse of formatHostsConf and never throws", () => {
  const hostname = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  const entry = fc.record({ hostname, port: fc.integer({ min: 1, max: 65535 }) }, {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      assert.deepEqual(parseHostsConf(formatHostsConf(entries)), { entries, problems: [] });
    }),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const { entries, problems } = parseHostsConf(text);
      assert.ok(entries.length + problems.length <= text.split("\n").length);
    }),
    { numRuns: 500 },
  );
});
