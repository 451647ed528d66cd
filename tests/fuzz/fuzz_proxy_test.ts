import assert from "node:assert/strict";
import { fuzzProxy } from "./fuzz_proxy.ts";
import { KINDS } from "./proxy_checks.ts";

Deno.test("fuzz: 30,000 inputs of the proxy", () => {
  const report = fuzzProxy(30_000, 1);
  assert.deepEqual(
    report.failures.map(({ why, input }) =>
      `${input.kind}: ${JSON.stringify([...input.bytes])}\n${why}`
    ),
    [],
  );
  // A fuzzer whose inputs are all refused at the door proves nothing.
  for (const kind of KINDS) assert.ok(report.taken[kind] > 200, `${kind}: ${report.taken[kind]}`);
});
