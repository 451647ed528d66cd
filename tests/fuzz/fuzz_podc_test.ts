import assert from "node:assert/strict";
import { fuzz } from "./fuzz_podc.ts";

Deno.test("fuzz: 2,000 mutated pods", async () => {
  const report = await fuzz(2000, 1);
  assert.deepEqual(report.failures.map(({ why, input }) => `${why}\n${input.pod}`), []);
  // A fuzzer whose inputs are all refused at the door proves nothing.
  assert.ok(report.compiled > 200, `${report.compiled} of ${report.inputs} made a pod`);
});
