import assert from "node:assert/strict";
import fc from "fast-check";
import { editDistance, nearest } from "./nearest.ts";

const KEYS = ["hostPort", "targetPort", "clusterPort", "env", "args", "name", "command", "mounts"];

Deno.test("nearest: what was meant", () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ["hostport", "hostPort"],
    ["host_port", "hostPort"],
    ["host-port", "hostPort"],
    ["hsotPort", "hostPort"],
    ["nmae", "name"],
    ["comand", "command"],
    ["mount", "mounts"],
    ["evn", "env"],
    ["xyz", undefined],
    ["a", undefined],
    ["", undefined],
    ["something", undefined],
  ];
  for (const [word, expected] of table) assert.equal(nearest(word, KEYS), expected, word);
});

Deno.test("editDistance: a metric that counts swaps once (property)", () => {
  assert.equal(editDistance("abcd", "abdc"), 1);
  assert.equal(editDistance("kitten", "sitting"), 3);
  const word = fc.string({ maxLength: 8 });
  fc.assert(fc.property(word, word, (a, b) => {
    assert.equal(editDistance(a, a), 0);
    assert.equal(editDistance(a, b), editDistance(b, a));
    assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
    assert.ok(editDistance(a, b) >= Math.abs(a.length - b.length));
  }));
});
