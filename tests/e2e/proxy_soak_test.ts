/** A short soak: see tests/bench/proxy_soak.ts. */
import assert from "node:assert/strict";
import { soak } from "../bench/proxy_soak.ts";

Deno.test("10,000 connections while pods, proxies and hosts are restarted: none fails", async () => {
  const report = await soak({ connections: 10_000, clients: 2 });
  assert.deepEqual(report.failures, []);
  const { pod, proxy, host } = report.restarts;
  assert.ok(pod + proxy + host > 1, JSON.stringify(report.restarts));
  // Pipes and connections that are kept for the next client come and go.
  const [before, after] = report.files;
  assert.ok(after! <= before! + 40, `open files: ${report.files}`);
});
