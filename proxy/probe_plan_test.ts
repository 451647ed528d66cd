import assert from "node:assert/strict";
import fc from "fast-check";
import { type Answer, BACKOFF_LIMIT_MS, PeerMemory } from "./peer_memory.ts";
import { BURST, MAX_RUNNING, PER_SECOND, type Probe, ProbePlan } from "./probe_plan.ts";

const LIFETIMES = { ok: 300_000, refused: 5000, busy: 1000, silent: 10_000 };
/** An answer is there or given up by then. */
const ANSWER_MS = 3000;
const STEP_MS = 50;

type State = Answer | "down";

/** Plays clients, the background and hosts whose state depends on the time. Returns when each pair was known to be good. */
function play(options: {
  hosts: readonly string[];
  ports: readonly number[];
  stateOf: (host: string, now: number) => State;
  /** Milliseconds until the answer to question number `count`. */
  delayOf: (count: number) => number;
  /** Whether in step number `count` a client asks all hosts. */
  clientAsks: (count: number) => boolean;
  untilMs: number;
}) {
  const memory = new PeerMemory(LIFETIMES);
  const plan = new ProbePlan(memory);
  const { hosts, ports, stateOf } = options;
  const pending: { at: number; probe: Probe; state: State }[] = [];
  const begun: number[] = [];
  const goodSince = new Map<string, number>();
  const note = ({ host, port }: Probe, state: State, now: number) => {
    if (state === "down") memory.noteDown(host, "refused", now);
    else if (port === undefined) memory.noteUp(host, now);
    else memory.note(host, port, state, now);
  };
  for (let now = 0, count = 0; now <= options.untilMs; now += STEP_MS, count++) {
    for (const port of ports) plan.use(port, now);
    for (let at = pending.length - 1; at >= 0; at--) {
      const { probe, state, at: due } = pending[at]!;
      if (due > now) continue;
      pending.splice(at, 1);
      note(probe, state, now);
      plan.done(probe);
    }
    if (options.clientAsks(count)) {
      for (const host of hosts) note({ host, port: ports[0]! }, stateOf(host, now), now);
    }
    for (const probe of plan.next(hosts, now)) {
      const same = ({ probe: other }: { probe: Probe }) =>
        other.host === probe.host && other.port === probe.port;
      assert.ok(!pending.some(same), "one question at a time for a host and port");
      begun.push(now);
      const at = now + options.delayOf(begun.length);
      pending.push({ at, probe, state: stateOf(probe.host, now) });
    }
    assert.ok(pending.length <= MAX_RUNNING);
    assert.equal(plan.running, pending.length);
    for (const port of ports) {
      const { first } = memory.order(port, hosts, "none", now);
      for (const host of hosts) {
        const key = `${host} ${port}`;
        if (!first.includes(host)) goodSince.delete(key);
        else if (!goodSince.has(key)) goodSince.set(key, now);
      }
    }
  }
  return { goodSince, begun };
}

function assertBounded(begun: readonly number[]) {
  for (let from = 0, to = 0; from < begun.length; from++) {
    while (to < begun.length && begun[to]! < begun[from]! + 10_000) to++;
    assert.ok(to - from <= BURST + 10 * PER_SECOND, `${to - from} questions within 10 s`);
  }
}

Deno.test("whatever the hosts answer, one that has the port is found in time; few questions are asked", () => {
  const states = fc.constantFrom<State>("refused", "busy", "silent", "down", "ok");
  const world = fc.record({
    ports: fc.integer({ min: 1, max: 3 }),
    /** The states of each host, one for every 5 s, before it has all ports for good. */
    hosts: fc.array(fc.array(states, { maxLength: 12 }), { minLength: 1, maxLength: 6 }),
    delays: fc.array(fc.nat(ANSWER_MS), { minLength: 1, maxLength: 20 }),
    clients: fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
  });
  fc.assert(
    fc.property(world, ({ ports, hosts, delays, clients }) => {
      const names = hosts.map((_, index) => `h${index}`);
      const goodFrom = Math.max(...hosts.map((script) => script.length)) * 5000;
      const boundMs = BACKOFF_LIMIT_MS + 4 * ANSWER_MS;
      const { goodSince, begun } = play({
        hosts: names,
        ports: Array.from({ length: ports }, (_, index) => 61000 + index),
        stateOf: (host, now) => hosts[names.indexOf(host)]![Math.floor(now / 5000)] ?? "ok",
        delayOf: (count) => delays[count % delays.length]!,
        clientAsks: (count) => count % 40 === 0 && clients[count / 40 % clients.length]!,
        untilMs: goodFrom + boundMs,
      });
      assert.equal(goodSince.size, names.length * ports, "all are found");
      assertBounded(begun);
    }),
    { numRuns: 60 },
  );
});

Deno.test("many hosts and ports: nobody is starved, and the rate is kept", () => {
  const hosts = Array.from({ length: 100 }, (_, index) => `h${index}`);
  const ports = Array.from({ length: 20 }, (_, index) => 61000 + index);
  const pairs = hosts.length * ports.length;
  const { goodSince, begun } = play({
    hosts,
    ports,
    stateOf: (host, now) => host === "h57" && now > 60_000 ? "ok" : "refused",
    delayOf: () => 20,
    clientAsks: () => false,
    untilMs: 60_000 + BACKOFF_LIMIT_MS + 2 * pairs / PER_SECOND * 1000,
  });
  assert.deepEqual([...goodSince.keys()].sort(), ports.map((port) => `h57 ${port}`));
  assertBounded(begun);
});

Deno.test("a proxy that is down is tried as a whole, with growing pauses", () => {
  const ports = Array.from({ length: 50 }, (_, index) => 61000 + index);
  const { begun } = play({
    hosts: ["a"],
    ports,
    stateOf: () => "down",
    delayOf: () => 0,
    clientAsks: () => false,
    untilMs: 120_000,
  });
  // Before the first answer nothing is known: that may be a question for each port.
  const later = begun.filter((at) => at > 1000);
  assert.ok(later.length >= 4 && later.length <= 8, `${later.length} questions`);
});

Deno.test("nothing is asked for ports that nobody uses, nor while this machine can't", () => {
  const memory = new PeerMemory(LIFETIMES);
  const plan = new ProbePlan(memory);
  assert.deepEqual(plan.next(["a"], 0), []);
  plan.use(61000, 0);
  plan.hold(100);
  assert.deepEqual(plan.next(["a"], 99), []);
  assert.deepEqual(plan.next(["a"], 100), [{ host: "a", port: 61000 }]);
  assert.deepEqual(plan.next(["a"], 100), [], "it is under way");
  plan.done({ host: "a", port: 61000 });
  assert.deepEqual(plan.next(["a"], LIFETIMES.ok), []);
  assert.equal(plan.ports, 0);
});
