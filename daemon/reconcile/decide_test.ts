import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { decide } from "./decide.ts";
import type { Decision, Facts, Memory, StatusFacts, World } from "./model.ts";

const WALL = 1_700_000_000_000;
const at = (mono: number) => ({ mono, wall: WALL + mono });
const OPTIONS = { limit: 4 };

/** Steps one instance through turns. */
class Story {
  memory: Memory = new Map();
  now = 0;
  facts: Facts = { id: "web/1", pod: "web", serves: true };
  world: Partial<World> = {};

  /** Lets `ms` pass, changes what is seen, and decides. */
  turn(ms: number, change: Partial<Facts> = {}, world: Partial<World> = {}): Decision {
    this.now += ms;
    this.facts = { ...this.facts, ...change };
    const decision = decide(
      { instances: [this.facts], outcomes: [], ...this.world, ...world },
      this.memory,
      at(this.now),
      OPTIONS,
    );
    this.memory = decision.memory;
    return decision;
  }

  ended(ok: boolean, ms = 0, change: Partial<Facts> = {}): Decision {
    return this.turn(ms, change, { outcomes: [{ id: "web/1", ok }] });
  }

  /** A supervisor's status, refreshed `age` milliseconds ago. */
  status(change: Partial<StatusFacts> = {}, age = 0): StatusFacts {
    const updatedMs = WALL + this.now - age;
    return { word: "running", ready: true, beat: `${updatedMs}`, updatedMs, ...change };
  }
}

/** One without mappings: no traffic to wait for. */
function quiet(): Story {
  const story = new Story();
  story.facts = { ...story.facts, serves: false };
  return story;
}

/** A pod that was run and is well. */
function running(): Story {
  const story = new Story();
  story.turn(0, { desired: "running" });
  story.ended(true, 100);
  story.turn(100);
  story.turn(0, { status: story.status({ pidAlive: true }) });
  return story;
}

const kinds = (decision: Decision) => decision.commands.map(({ kind }) => kind);

for (
  const [desired, kind] of [["running", "run"], ["stopped", "stop"], ["removed", "rm"]] as const
) {
  Deno.test(`first sighting of ${desired} gives ${kind}, once`, () => {
    const story = quiet();
    deepStrictEqual(kinds(story.turn(0, { desired })), [kind]);
    deepStrictEqual(kinds(story.turn(10)), []);
    deepStrictEqual(kinds(story.ended(true)), []);
    deepStrictEqual(kinds(story.turn(500)), []);
  });
}

Deno.test("a state that cannot be understood changes nothing", () => {
  const story = new Story();
  deepStrictEqual(kinds(story.turn(0)), []);
  const known = running();
  const { desired: _, ...unreadable } = known.facts;
  known.facts = unreadable;
  const decision = known.turn(10);
  deepStrictEqual(kinds(decision), []);
  ok(decision.routed.has("web/1"), "it keeps its traffic");
});

Deno.test("failures back off from 1 s to 60 s; a new state starts afresh", () => {
  const story = new Story();
  story.turn(0, { desired: "running" });
  const pauses: number[] = [];
  for (let i = 0; i < 8; i++) {
    const failed = story.ended(false, 10);
    deepStrictEqual(kinds(failed), []);
    const pause = failed.wakeAt! - story.now;
    pauses.push(pause);
    deepStrictEqual(kinds(story.turn(pause - 1)), []);
    deepStrictEqual(kinds(story.turn(1)), ["run"]);
  }
  deepStrictEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1000));
  story.ended(false);
  deepStrictEqual(kinds(story.turn(10, { desired: "stopped" })), ["stop"]);
});

Deno.test("a state that changes during a command is carried out after it, also when it fails", () => {
  for (const outcome of [true, false]) {
    const story = quiet();
    story.turn(0, { desired: "running" });
    deepStrictEqual(kinds(story.turn(10, { desired: "stopped" })), []);
    deepStrictEqual(kinds(story.ended(outcome)), ["stop"]);
  }
});

Deno.test("a failed run is undone even when the pod was stopped before", () => {
  const story = quiet();
  story.turn(0, { desired: "stopped" });
  story.ended(true);
  deepStrictEqual(kinds(story.turn(1, { desired: "running" })), ["run"]);
  story.turn(1, { desired: "stopped" });
  deepStrictEqual(kinds(story.ended(false)), ["stop"]);
});

Deno.test("stop waits until traffic had time to leave", () => {
  const story = running();
  ok(story.turn(10).routed.has("web/1"));
  const unrouted = story.turn(10, { desired: "stopped" });
  deepStrictEqual([kinds(unrouted), unrouted.routed.size], [[], 0]);
  strictEqual(unrouted.wakeAt, story.now + 500);
  deepStrictEqual(kinds(story.turn(499)), []);
  deepStrictEqual(kinds(story.turn(1)), ["stop"]);
  const silent = quiet();
  silent.turn(0, { desired: "running", status: silent.status() });
  silent.ended(true);
  deepStrictEqual(kinds(silent.turn(1, { desired: "stopped" })), ["stop"], "nothing to wait for");
  // The daemon before this one may have taken its traffic away only just now.
  const taken = new Story();
  deepStrictEqual(kinds(taken.turn(0, { desired: "stopped" })), []);
  deepStrictEqual(kinds(taken.turn(500)), ["stop"]);
});

Deno.test("actions: of the whole pod after draining, of containers at once, otherwise discarded", () => {
  const whole = running();
  const hostInterface = "10.0.0.1";
  whole.turn(0);
  const drained = whole.turn(1, { action: { containers: [] } });
  deepStrictEqual([kinds(drained), drained.routed.size], [[], 0]);
  deepStrictEqual(kinds(whole.turn(500)), ["rerun"]);

  const some = running();
  const decision = some.turn(1, { action: { containers: ["a", "b"] } });
  deepStrictEqual(decision.commands[0]?.containers, ["a", "b"]);
  ok(decision.commands[0]?.takeAction && decision.routed.has("web/1"));
  const { action: _, ...done } = some.facts;
  some.facts = done;
  deepStrictEqual(kinds(some.ended(false, 5)), [], "a failed restart is not repeated");

  const odd = running().turn(1, { action: { containers: undefined } });
  deepStrictEqual([odd.commands.length, odd.discards.length], [0, 1]);
  const stopped = new Story();
  stopped.turn(0, { desired: "stopped" });
  stopped.ended(true);
  strictEqual(stopped.turn(1, { action: { containers: [] } }).discards.length, 1);

  // As with the original daemon: a request beside a new state is none.
  const restarted = quiet();
  restarted.turn(0, { desired: "stopped" });
  restarted.ended(true);
  const again = restarted.turn(1, { desired: "running", action: { containers: [] } });
  deepStrictEqual([kinds(again), again.discards.length], [["run"], 1]);

  // What was asked for while no daemon ran is done.
  const first = quiet();
  const both = first.turn(0, { desired: "running", action: { containers: [] } }, { hostInterface });
  deepStrictEqual(kinds(both), ["run"]);
  first.ended(true, 1, {});
  strictEqual(first.memory.get("web/1")?.busy?.command.kind, "rerun");
});

Deno.test("a new address of the host reruns the pod, an unknown one does not", () => {
  const story = quiet();
  story.turn(0, { desired: "running" }, { hostInterface: "10.0.0.1" });
  story.ended(true, 1);
  deepStrictEqual(kinds(story.turn(1)), []);
  const [rerun] = story.turn(1, {}, { hostInterface: "10.0.0.2" }).commands;
  deepStrictEqual([rerun?.kind, rerun?.hostInterface], ["rerun", "10.0.0.2"]);
});

const lost: readonly [string, number, (story: Story) => Partial<Facts>][] = [
  ["a dead process", 0, (story) => ({ status: story.status({ pidAlive: false }) })],
  ["its own end", 1000, (story) => ({ status: story.status({ word: "exited", ready: false }) })],
  ["its own removal", 1000, (story) => ({ status: story.status({ word: "removed" }) })],
];
for (const [name, pause, change] of lost) {
  Deno.test(`a supervisor lost by ${name} is run again, with back-off`, () => {
    const story = running();
    const seen = story.turn(10_000, change(story));
    if (pause > 0) {
      deepStrictEqual(kinds(seen), []);
      deepStrictEqual(kinds(story.turn(pause)), ["run"]);
    } else deepStrictEqual(kinds(seen), ["run"]);
    story.ended(true, 100);
    // The old status is no news while the new supervisor has not written one.
    deepStrictEqual(kinds(story.turn(5000)), []);
    // Lost again at once: the pause doubles.
    const again = [...kinds(story.turn(5000, change(story))), ...kinds(story.turn(pause))];
    deepStrictEqual(again, ["run"]);
    const later = story.ended(true, 10);
    strictEqual(story.memory.get("web/1")?.failures, 2);
    ok(later.wakeAt! > story.now);
  });
}

Deno.test("a supervisor that stops refreshing is run again after 15 s, unrouted after 30 s", () => {
  const story = running();
  const well = story.turn(0);
  strictEqual(well.wakeAt, story.now + 15_000);
  deepStrictEqual(kinds(story.turn(14_999)), []);
  const stale = story.turn(1);
  deepStrictEqual(kinds(stale), ["run"]);
  ok(stale.routed.has("web/1"));
  ok(story.turn(14_999).routed.has("web/1"));
  ok(!story.turn(1).routed.has("web/1"));
});

Deno.test("a pod whose supervisor is dead loses its traffic after 5 s", () => {
  const story = running();
  const dead = story.turn(10, { status: story.status({ pidAlive: false }) });
  ok(dead.routed.has("web/1"));
  strictEqual(dead.wakeAt, story.now + 5000);
  ok(!story.turn(5000).routed.has("web/1"));
});

Deno.test("jumps of the wall clock change nothing for a supervisor that was seen refreshing", () => {
  for (const jump of [-3_600_000, 3_600_000]) {
    const story = running();
    const status = story.facts.status!;
    const jumped = decide(
      { instances: [story.facts], outcomes: [] },
      story.memory,
      { mono: story.now + 1000, wall: WALL + jump },
      OPTIONS,
    );
    deepStrictEqual([kinds(jumped), jumped.routed.has("web/1")], [[], true]);
    const refreshed = { ...status, beat: "next", updatedMs: WALL + story.now };
    const after = decide(
      {
        instances: [{ ...story.facts, status: refreshed }],
        outcomes: [],
      },
      jumped.memory,
      { mono: story.now + 5000, wall: WALL + jump },
      OPTIONS,
    );
    ok(after.routed.has("web/1"));
  }
});

Deno.test("an old status at the first sight routes nothing", () => {
  const story = new Story();
  story.now = 100_000;
  for (const age of [31_000, -60_000]) {
    const decision = story.turn(0, { desired: "running", status: story.status({}, age) });
    strictEqual(decision.routed.size, 0);
    story.memory = new Map();
  }
  strictEqual(story.turn(0, { status: story.status({}, 4000) }).routed.size, 1);
});

Deno.test("a status that does not say when it was refreshed never grows old", () => {
  const story = new Story();
  story.turn(0, { desired: "running" });
  story.ended(true, 100);
  const { updatedMs: _, ...status } = story.status({ pidAlive: true });
  ok(story.turn(100, { status }).routed.has("web/1"));
  const later = story.turn(3_600_000);
  deepStrictEqual([kinds(later), later.routed.has("web/1"), later.wakeAt], [[], true, undefined]);
  deepStrictEqual(kinds(story.turn(1, { status: { ...status, pidAlive: false } })), ["run"]);
});

Deno.test("the limit holds, those who waited longest come first", () => {
  const instances = ["a", "b", "c"].map((id): Facts => ({
    id,
    pod: id,
    serves: false,
    desired: "running",
  }));
  const none = { instances, outcomes: [] };
  const first = decide(none, new Map(), at(0), { limit: 2 });
  deepStrictEqual(first.commands.map(({ id }) => id), ["a", "b"]);
  const failed = { ...none, outcomes: [{ id: "a", ok: false }] };
  const second = decide(failed, first.memory, at(10), { limit: 2 });
  deepStrictEqual(second.commands.map(({ id }) => id), ["c"]);
});

Deno.test("an instance that disappears is forgotten, after its command has ended", () => {
  const story = running();
  const nothing = { instances: [], outcomes: [] };
  strictEqual(decide(nothing, story.memory, at(story.now), OPTIONS).memory.size, 0);
  story.turn(1, { desired: "stopped" });
  story.turn(500);
  const busy = decide(nothing, story.memory, at(story.now), OPTIONS).memory;
  strictEqual(busy.size, 1);
  const back = {
    ...nothing,
    instances: [{ id: "web/1", pod: "web", serves: true, desired: "running" as const }],
  };
  deepStrictEqual(decide(back, busy, at(story.now), OPTIONS).commands, []);
  const ended = { ...back, outcomes: [{ id: "web/1", ok: true }] };
  deepStrictEqual(kinds(decide(ended, busy, at(story.now), OPTIONS)), ["run"]);
});

/** Two versions of a pod: the first runs and is ready, the second is to replace it. */
class Exchange {
  memory: Memory = new Map();
  now = 100_000;
  old: Facts = { id: "web/1", pod: "web", serves: true, desired: "running" };
  next: Facts = { id: "web/2", pod: "web", serves: true, desired: "stopped", startsFirst: true };

  constructor() {
    this.ended("web/1", true);
    this.ended("web/2", true);
    this.turn(6_000);
    this.next = { ...this.next, desired: "running" };
    this.old = { ...this.old, desired: "stopped" };
  }

  status(change: Partial<StatusFacts> = {}): StatusFacts {
    const updatedMs = WALL + this.now;
    return { word: "running", ready: true, beat: `${updatedMs}`, updatedMs, ...change };
  }

  turn(ms: number, outcomes: World["outcomes"] = [], oldStatus = this.status()): Decision {
    this.now += ms;
    this.old = { ...this.old, status: oldStatus };
    const world = { instances: [this.old, this.next], outcomes };
    const decision = decide(world, this.memory, at(this.now), OPTIONS);
    this.memory = decision.memory;
    return decision;
  }

  ended(id: string, ok: boolean): Decision {
    this.turn(500);
    return this.turn(500, [{ id, ok }]);
  }
}

Deno.test("start-first: the other version goes on with its traffic until this one is ready", () => {
  const exchange = new Exchange();
  const first = exchange.turn(10);
  deepStrictEqual([first.commands.map(({ id }) => id), [...first.held]], [
    ["web/2"],
    [["web/1", "web/2"]],
  ]);
  ok(first.routed.has("web/1"));
  exchange.next = { ...exchange.next, status: exchange.status({ ready: false }) };
  exchange.ended("web/2", true);
  strictEqual(exchange.turn(1_000).held.size, 1);
  exchange.next = { ...exchange.next, status: exchange.status() };
  const ready = exchange.turn(1_000);
  deepStrictEqual([ready.held.size, [...ready.routed]], [0, ["web/2"]]);
  deepStrictEqual(exchange.turn(500).commands.map(({ id, kind }) => [id, kind]), [
    ["web/1", "stop"],
  ]);
  // What was let go is never held again, whatever becomes of the new one.
  exchange.next = { ...exchange.next, status: exchange.status({ ready: false }) };
  strictEqual(exchange.turn(1_000).held.size, 0);
});

const letGo: readonly [string, (exchange: Exchange) => Decision][] = [
  ["the start of the new one failed", (exchange) => exchange.ended("web/2", false)],
  ["the new one takes too long", (exchange) => {
    exchange.turn(10);
    for (let s = 0; s < 119; s += 1) strictEqual(exchange.turn(1_000).held.size, 1);
    return exchange.turn(1_000);
  }],
  ["nothing is to start any more", (exchange) => {
    exchange.turn(10);
    exchange.next = { ...exchange.next, desired: "stopped" };
    return exchange.turn(10);
  }],
  ["the old one does not serve itself", (exchange) => {
    return exchange.turn(10, [], exchange.status({ ready: false }));
  }],
  ["its supervisor is dead", (exchange) => {
    return exchange.turn(10, [], exchange.status({ pidAlive: false }));
  }],
  ["the new one does not ask for it", (exchange) => {
    const { startsFirst: _, ...next } = exchange.next;
    exchange.next = next;
    return exchange.turn(10);
  }],
  ["it is another pod", (exchange) => {
    exchange.next = { ...exchange.next, pod: "api" };
    return exchange.turn(10);
  }],
];
for (const [name, body] of letGo) {
  Deno.test(`start-first: the old version is let go when ${name}`, () => {
    const exchange = new Exchange();
    strictEqual(body(exchange).held.size, 0);
    deepStrictEqual(
      exchange.turn(500).commands.filter(({ kind }) => kind === "stop").map(({ id }) => id)
        .includes("web/1"),
      true,
    );
  });
}

Deno.test("start-first: a new daemon goes on with it, and starts nothing that is to end", () => {
  const exchange = new Exchange();
  exchange.turn(10);
  exchange.memory = new Map();
  const decision = exchange.turn(10);
  deepStrictEqual([decision.commands.map(({ id }) => id), decision.held.size], [["web/2"], 1]);
  ok(decision.routed.has("web/1"));
});
