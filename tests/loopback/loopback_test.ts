import assert from "node:assert/strict";
import { freshAddress, freshPort, isListening, sharedPort } from "./mod.ts";

Deno.test("addresses and ports are different each time, and none that the kernel gives away", () => {
  const addresses = new Set(Array.from({ length: 50 }, freshAddress));
  const ports = new Set(Array.from({ length: 50 }, freshPort));
  assert.deepEqual([addresses.size, ports.size], [50, 50]);
  assert.ok(Math.max(...ports) < 32768 && Math.min(...ports) >= 1024);
});

Deno.test("a port that somebody listens on is passed over", () => {
  const mine = sharedPort();
  using _taken = Deno.listen({ hostname: "0.0.0.0", port: mine });
  assert.ok(!Array.from({ length: 15 }, sharedPort).includes(mine));
});

Deno.test("who listens is known", () => {
  const [hostname, port] = [freshAddress(), freshPort()];
  assert.equal(isListening(hostname, port), false);
  using _own = Deno.listen({ hostname, port });
  assert.equal(isListening(hostname, port), Deno.build.os === "linux");
  assert.equal(isListening(freshAddress(), port), false);
});
