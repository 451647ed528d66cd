import assert from "node:assert/strict";
import { Peers } from "./peers.ts";

const host = (hostname: string, port = 32767) => ({ hostname, port });

Deno.test("who is asked, and who may ask", async () => {
  const names: Record<string, string[]> = { "web": ["10.0.0.9", "::ffff:10.0.0.10"] };
  const peers = new Peers((name) =>
    names[name] ? Promise.resolve(names[name]) : Promise.reject(new Error("no such name"))
  );
  const own = host("10.0.0.1");
  peers.load([own, host("10.0.0.2"), host("web"), host("gone"), host("fd00::1")], own, [
    "10.9.9.9",
  ]);
  assert.deepEqual(peers.names, ["10.0.0.2:32767", "web:32767", "gone:32767", "[fd00::1]:32767"]);
  assert.deepEqual(peers.address("[fd00::1]:32767"), host("fd00::1"));
  assert.equal(peers.allows("10.0.0.9"), false);
  assert.deepEqual(await peers.refresh(), ["gone"]);
  for (const address of ["10.0.0.1", "10.0.0.2", "10.0.0.9", "10.0.0.10", "fd00::1", "10.9.9.9"]) {
    assert.ok(peers.allows(address), address);
  }
  assert.equal(peers.allows("10.0.0.3"), false);

  delete names.web;
  assert.deepEqual(await peers.refresh(), ["gone", "web"]);
  assert.ok(peers.allows("10.0.0.9"), "known addresses are kept while the name fails");
  peers.load([own], own, []);
  assert.equal(peers.allows("10.0.0.2"), false);
  assert.equal(peers.allows("10.0.0.9"), false);
});
