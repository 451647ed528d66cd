import assert from "node:assert/strict";
import { networkFilter, parseNetwork } from "./networks.ts";

Deno.test("parseNetwork", () => {
  const cases: [string, string | undefined][] = [
    ["own", "own"],
    ["any", "any"],
    ["10.0.0.1", "10.0.0.1"],
    ["10.88.0.0/16", "10.88.0.0/16"],
    ["[fd00::]/8", "fd00::/8"],
    ["fd00::1", "fd00::1"],
    ["10.0.0.0/33", undefined],
    ["fd00::/129", undefined],
    ["10.0.0", undefined],
    ["web", undefined],
    ["", undefined],
    ["10.0.0.0/", undefined],
  ];
  for (const [text, network] of cases) assert.equal(parseNetwork(text), network, text);
});

Deno.test("networkFilter", () => {
  const allows = networkFilter(["own", "10.0.0.1", "10.88.0.0/16", "fd00::/8"]);
  for (const address of ["10.0.0.1", "10.88.255.1", "fdff::1"]) assert.ok(allows(address), address);
  for (const address of ["10.0.0.2", "10.89.0.1", "fe80::1", "127.0.0.1"]) {
    assert.ok(!allows(address), address);
  }
  assert.ok(networkFilter(["any"])("192.0.2.1"));
  assert.ok(!networkFilter(["own"])("127.0.0.1"), "who is own is not told by the address alone");
});
