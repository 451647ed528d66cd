import { match, ok, strictEqual } from "node:assert/strict";
import { type Node, rulesOf } from "./network.ts";

const door: Node = { name: "door", lans: ["front", "back"] };
const alice: Node = { name: "alice", lans: ["front"] };
const h1: Node = { name: "h1", lans: ["back"] };

Deno.test("a cut drops both ways on the networks that both are in, and no others", () => {
  const rules = rulesOf([[alice, door], [door, h1]]);
  match(rules, /iifname "alice\.front" oifname "door\.front" drop/);
  match(rules, /iifname "door\.front" oifname "alice\.front" drop/);
  match(rules, /iifname "door\.back" oifname "h1\.back" drop/);
  strictEqual(rules.match(/ drop$/gm)?.length, 4);
  strictEqual(rulesOf([[alice, h1]]).match(/ drop$/gm), null);
});

Deno.test("the rules replace those before them at once", () => {
  ok(rulesOf([]).startsWith("table bridge cuts\ndelete table bridge cuts\ntable bridge cuts {"));
});
