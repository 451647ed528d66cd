import assert from "node:assert/strict";
import fc from "fast-check";
import { type Answer, BACKOFF_LIMIT_MS, OWN, type OwnPlace, PeerMemory } from "./peer_memory.ts";

const LIFETIMES = { ok: 100, refused: 20, busy: 5, silent: 50 };
const HOSTS = ["a", "b", "c"];
const PORT = 61000;

Deno.test("nothing known: everyone is asked", () => {
  const memory = new PeerMemory(LIFETIMES);
  assert.deepEqual(memory.order(PORT, HOSTS, "none", 0), { first: [], rest: HOSTS });
  assert.equal(memory.best(PORT, "none", 0), undefined);
});

Deno.test("only a positive answer makes a host likely, for its lifetime", () => {
  const cases: [Answer, boolean][] = [
    ["ok", true],
    ["refused", false],
    ["busy", false],
    ["silent", false],
  ];
  for (const [answer, likely] of cases) {
    const memory = new PeerMemory(LIFETIMES);
    memory.note("b", PORT, answer, 0);
    const { first } = memory.order(PORT, HOSTS, "none", 99);
    assert.deepEqual(first, likely ? ["b"] : [], answer);
    assert.deepEqual(memory.order(PORT, HOSTS, "none", 100).first, [], answer);
    assert.equal(memory.dueAt("b", PORT), LIFETIMES[answer], answer);
  }
});

Deno.test("a negative answer that is repeated is believed twice as long, up to a limit", () => {
  const memory = new PeerMemory(LIFETIMES);
  const lifetimes: number[] = [];
  for (let now = 0; lifetimes.length < 14; now = memory.dueAt("a", PORT)) {
    memory.note("a", PORT, "refused", now);
    memory.note("a", PORT, "refused", now); // Clients may ask in between: that is no repetition.
    lifetimes.push(memory.dueAt("a", PORT) - now);
  }
  assert.deepEqual(lifetimes.slice(0, 4), [20, 40, 80, 160]);
  assert.equal(lifetimes.at(-1), BACKOFF_LIMIT_MS);
  for (const answer of ["ok", "busy"] as const) {
    memory.note("a", PORT, answer, 1e9);
    memory.note("a", PORT, "refused", 1e9 + 1);
    assert.equal(memory.dueAt("a", PORT), 1e9 + 21, `it starts anew after ${answer}`);
  }
});

Deno.test("a proxy that is down is last for all its ports, until it is there again", () => {
  const memory = new PeerMemory(LIFETIMES);
  const firstOf = (port: number, now: number) => memory.order(port, ["a", "b"], "none", now).first;
  for (const port of [1, 2]) {
    memory.note("a", port, "ok", 0);
    memory.note("b", port, "ok", 0);
  }
  memory.noteDown("a", "silent", 1);
  for (const now of [2, 60]) {
    assert.deepEqual(firstOf(1, now), ["b"]);
    assert.equal(memory.best(2, "none", now), "b");
    assert.equal(memory.dueAt("a"), 51);
  }
  memory.note("a", 1, "ok", 70);
  assert.deepEqual(firstOf(2, 70), ["a", "b"], "an answer for one port tells that it is there");

  memory.noteDown("b", "refused", 71);
  memory.noteUp("b", 72);
  assert.deepEqual(firstOf(2, 72), ["a"], "what it said before it left is not believed");
  assert.equal(memory.dueAt("b", 2), 72);
});

Deno.test("least connections over the own host and the others, then the longest unused", () => {
  const memory = new PeerMemory(LIFETIMES);
  for (const host of HOSTS) memory.note(host, PORT, "ok", 0);
  const counts = new Map<string, number>();
  for (let turn = 0; turn < 400; turn++) {
    const host = memory.order(PORT, HOSTS, "equal", 1).first[0]!;
    counts.set(host, (counts.get(host) ?? 0) + 1);
    const hold = memory.begin(host, PORT);
    if (turn % 2 === 0) hold.release();
    hold.release();
  }
  assert.deepEqual(counts, new Map([[OWN, 100], ["a", 100], ["b", 100], ["c", 100]]));
});

Deno.test("the place of the own host", () => {
  const memory = new PeerMemory(LIFETIMES);
  memory.note("a", PORT, "ok", 0);
  for (let count = 0; count < 3; count++) memory.begin(OWN, PORT);
  const orders = (["none", "first", "equal", "last"] as const).map((own) =>
    memory.order(PORT, ["a", "b"], own, 1)
  );
  assert.deepEqual(orders, [
    { first: ["a"], rest: ["b"] },
    { first: [OWN, "a"], rest: ["b"] },
    { first: ["a", OWN], rest: ["b"] },
    { first: ["a"], rest: [OWN, "b"] },
  ]);
});

Deno.test("who may get room: all but those that are down or said that they don't have the port", () => {
  const memory = new PeerMemory(LIFETIMES);
  memory.note("busy", PORT, "busy", 0);
  memory.note("refused", PORT, "refused", 0);
  memory.note("silent", PORT, "silent", 0);
  memory.noteDown("down", "refused", 0);
  const may = (now: number) =>
    ["busy", "refused", "silent", "down", "unknown"].filter((host) =>
      memory.mayGetRoom(host, PORT, now)
    );
  assert.deepEqual(may(1), ["busy", "unknown"]);
  assert.deepEqual(may(20), ["busy", "refused", "unknown"]);
});

Deno.test("sweep keeps what is still true", () => {
  const memory = new PeerMemory(LIFETIMES);
  memory.note("a", PORT, "ok", 0);
  memory.note("b", PORT, "ok", 0);
  memory.note("c", PORT, "refused", 0);
  memory.noteDown("d", "silent", 0);
  memory.sweep(new Set(["a", "c"]), 30);
  assert.equal(memory.size, 2, "the host that left is forgotten");
  assert.deepEqual(memory.order(PORT, ["a"], "none", 30), { first: ["a"], rest: [] });
  const hold = memory.begin("a", PORT);
  memory.sweep(new Set(), 31);
  assert.equal(memory.size, 1, "what is counted stays");
  assert.equal(memory.best(PORT, "none", 31), undefined, "but a host that left is not likely");
  hold.release();
  memory.sweep(new Set(), 31);
  assert.equal(memory.size, 0);
});

Deno.test("every candidate exactly once, and the best is the first, whatever was noted", () => {
  const step = fc.record({
    host: fc.constantFrom(...HOSTS, OWN),
    what: fc.constantFrom("ok", "refused", "busy", "silent", "down", "up", "begin", "sweep"),
    own: fc.constantFrom<OwnPlace>("none", "first", "equal", "last"),
    later: fc.nat(40),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const memory = new PeerMemory(LIFETIMES);
      const used = new Set<string>();
      let now = 0;
      for (const { host, what, own, later } of steps) {
        now += later;
        if (what === "begin") {
          memory.begin(host, PORT);
          used.add(host);
        } else if (what === "sweep") memory.sweep(new Set(HOSTS), now);
        else if (what === "up") memory.noteUp(host, now);
        else if (what !== "down") memory.note(host, PORT, what as Answer, now);
        else if (host !== OWN) memory.noteDown(host, "refused", now);
        const { first, rest } = memory.order(PORT, HOSTS, own, now);
        const all = own === "none" ? HOSTS : [...HOSTS, OWN].sort();
        assert.deepEqual([...first, ...rest].sort(), all);
        const best = memory.best(PORT, own, now);
        const isTie = !used.has(best!) && !used.has(first[0]!);
        assert.ok(best === first[0] || isTie, `${best} is not ${first[0]}`);
      }
    }),
    { numRuns: 500 },
  );
});
