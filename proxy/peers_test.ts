import assert from "node:assert/strict";
import { Peers } from "./peers.ts";

const host = (hostname: string, port = 32767) => ({ hostname, port });

Deno.test("who is asked, and who may ask", () => {
  const peers = new Peers();
  const own = host("10.0.0.1");
  const hosts = [own, host("10.0.0.2"), host("web"), host("gone"), host("fd00::1")];
  const addresses = new Map([["web", ["10.0.0.9", "10.0.0.10"]]]);
  peers.load({ hosts, own, extra: ["10.9.9.9"], addresses });
  assert.deepEqual(peers.names, ["10.0.0.2:32767", "web:32767", "gone:32767", "[fd00::1]:32767"]);
  assert.deepEqual(peers.address("[fd00::1]:32767"), host("fd00::1"));
  assert.deepEqual(peers.address("web:32767"), host("10.0.0.9"));
  assert.equal(peers.address("gone:32767"), undefined);
  for (const address of ["10.0.0.1", "10.0.0.2", "10.0.0.9", "10.0.0.10", "fd00::1", "10.9.9.9"]) {
    assert.ok(peers.allows(address), address);
  }
  assert.equal(peers.allows("10.0.0.3"), false);
  assert.equal(peers.allows("gone"), false);

  peers.load({ hosts: [own], own, extra: [], addresses });
  assert.equal(peers.allows("10.0.0.2"), false);
  assert.equal(peers.allows("10.0.0.9"), false);
  assert.equal(peers.address("web:32767"), undefined);
});

Deno.test("the own host is never asked, by whatever name it is listed", () => {
  const peers = new Peers();
  const addresses = new Map([["one", ["10.0.0.1"]], ["two", ["10.0.0.2"]]]);
  const hosts = [
    host("one"),
    host("10.0.0.1"),
    host("10.0.0.1", 32768),
    host("two"),
    host("gone"),
    host("lost"),
  ];
  const others = ["10.0.0.1:32768", "two:32767", "gone:32767", "lost:32767"];
  for (const own of [host("one"), host("10.0.0.1")]) {
    peers.load({ hosts, own, extra: [], addresses });
    assert.deepEqual(peers.names, others);
  }
  peers.load({ hosts, own: host("gone"), extra: [], addresses });
  assert.ok(peers.names.includes("lost:32767"), "names without an address are not taken for one");
  assert.ok(!peers.names.includes("gone:32767"));
});
