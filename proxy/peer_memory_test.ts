import assert from "node:assert/strict";
import fc from "fast-check";
import { type Answer, PeerMemory } from "./peer_memory.ts";

const LIFETIMES = { ok: 100, refused: 20, busy: 5, silent: 50 };
const HOSTS = ["a", "b", "c"];
const PORT = 61000;

Deno.test("nothing known: everyone is asked", () => {
  assert.deepEqual(new PeerMemory(LIFETIMES).order(PORT, HOSTS, 0), { first: [], rest: HOSTS });
});

Deno.test("answers are believed for their own lifetime", () => {
  const cases: [Answer, number][] = [["ok", 100], ["refused", 20], ["busy", 5], ["silent", 50]];
  for (const [answer, lifetime] of cases) {
    const memory = new PeerMemory({ ...LIFETIMES, ok: answer === "ok" ? 100 : 1000 });
    memory.note("b", PORT, answer, 0);
    if (answer !== "ok") memory.note("c", PORT, "ok", 0);
    const hosts = ["b", "c"];
    const during = memory.order(PORT, hosts, lifetime - 1);
    const after = memory.order(PORT, hosts, lifetime);
    if (answer === "ok") {
      assert.deepEqual(during, { first: ["c", "b"], rest: [] });
      assert.deepEqual(after, { first: [], rest: ["b", "c"] });
    } else {
      assert.deepEqual(during, { first: ["c"], rest: ["b"] }, answer);
      assert.deepEqual(after, { first: ["b", "c"], rest: [] }, answer);
    }
  }
});

Deno.test("an unknown host is looked at by one caller at a time", () => {
  const memory = new PeerMemory(LIFETIMES);
  memory.note("a", PORT, "ok", 0);
  assert.deepEqual(memory.order(PORT, HOSTS, 1), { first: ["b", "a"], rest: ["c"] });
  assert.deepEqual(memory.order(PORT, HOSTS, 1), { first: ["c", "a"], rest: ["b"] });
  assert.deepEqual(memory.order(PORT, HOSTS, 1), { first: ["a"], rest: ["b", "c"] });
  assert.deepEqual(memory.order(PORT, HOSTS, 51), { first: ["b", "a"], rest: ["c"] });
});

Deno.test("a proxy that is down is last for all its ports, until it answers for one", () => {
  const memory = new PeerMemory(LIFETIMES);
  for (const port of [1, 2]) {
    memory.note("a", port, "ok", 0);
    memory.note("b", port, "ok", 0);
  }
  memory.noteDown("a", "silent", 1);
  assert.deepEqual(memory.order(1, ["a", "b"], 2), { first: ["b"], rest: ["a"] });
  assert.deepEqual(memory.order(2, ["a", "b"], 2), { first: ["b"], rest: ["a"] });
  memory.note("a", 1, "ok", 3);
  assert.deepEqual(memory.order(2, ["a", "b"], 3), { first: ["a", "b"], rest: [] });
});

Deno.test("connections spread over the hosts that have the port", () => {
  const memory = new PeerMemory(LIFETIMES);
  for (const host of HOSTS) memory.note(host, PORT, "ok", 0);
  const counts = new Map<string, number>();
  for (let turn = 0; turn < 300; turn++) {
    const host = memory.order(PORT, HOSTS, 1).first[0]!;
    counts.set(host, (counts.get(host) ?? 0) + 1);
    const end = memory.begin(host, PORT);
    if (turn % 2 === 0) end();
    end();
  }
  assert.deepEqual([...counts.values()], [100, 100, 100]);
});

Deno.test("sweep keeps what is still true", () => {
  const memory = new PeerMemory(LIFETIMES);
  memory.note("a", PORT, "ok", 0);
  memory.note("b", PORT, "ok", 0);
  memory.note("c", PORT, "refused", 0);
  memory.noteDown("d", "silent", 0);
  memory.sweep(new Set(["a", "c"]), 30);
  assert.equal(memory.size, 1);
  assert.deepEqual(memory.order(PORT, ["a"], 30), { first: ["a"], rest: [] });
  const end = memory.begin("a", PORT);
  memory.sweep(new Set(), 200);
  assert.equal(memory.size, 1);
  end();
  memory.sweep(new Set(), 200);
  assert.equal(memory.size, 0);
});

Deno.test("every host is a candidate exactly once, whatever was noted", () => {
  const step = fc.tuple(
    fc.constantFrom(...HOSTS),
    fc.constantFrom("ok", "refused", "busy", "silent", "down", "order" as const),
    fc.nat(40),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const memory = new PeerMemory(LIFETIMES);
      let now = 0;
      for (const [host, what, later] of steps) {
        now += later;
        if (what === "down") memory.noteDown(host, "refused", now);
        else if (what !== "order") memory.note(host, PORT, what as Answer, now);
        const { first, rest } = memory.order(PORT, HOSTS, now);
        assert.deepEqual([...first, ...rest].sort(), HOSTS);
      }
    }),
    { numRuns: 300 },
  );
});
