/** From any start, through any interleaving of events and failures, `decide` keeps its promises and converges. */
import { ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { decide } from "./decide.ts";
import type { Memory, Outcome } from "./model.ts";
import { type Course, SimulatedPod } from "./simulated_pod.ts";

const STEP = 100;
const GRACE = 500;
const LIMIT = 2;

type Event =
  | { readonly kind: "state"; readonly to: "running" | "stopped" | "removed" }
  | { readonly kind: "action"; readonly containers: readonly string[] }
  | { readonly kind: "ready"; readonly ready: boolean }
  | { readonly kind: "clock"; readonly jump: number }
  | { readonly kind: "kill" | "byHand" | "loseStatus" | "restart" };
interface Timed {
  readonly after: number;
  readonly pod: number;
  readonly event: Event;
}

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant("state" as const),
    to: fc.constantFrom("running" as const, "stopped" as const, "removed" as const),
  }),
  fc.record({
    kind: fc.constant("action" as const),
    containers: fc.constantFrom<readonly string[]>([], ["a"], ["a", "b"]),
  }),
  fc.record({ kind: fc.constant("ready" as const), ready: fc.boolean() }),
  fc.record({
    kind: fc.constant("clock" as const),
    jump: fc.integer({ min: -10_000_000, max: 10_000_000 }),
  }),
  fc.record({ kind: fc.constantFrom("kill", "byHand", "loseStatus", "restart") }),
);
const timed: fc.Arbitrary<Timed> = fc.record({
  after: fc.integer({ min: 0, max: 20_000 }),
  pod: fc.nat(2),
  event,
});
const course: fc.Arbitrary<Course> = fc.record({
  ms: fc.integer({ min: 0, max: 30_000 }),
  ok: fc.boolean(),
});

/** Host, pods and daemon in simulated time; checks on every turn what must always hold. */
class Simulation {
  readonly pods = ["a", "b", "c"].map((id) => new SimulatedPod(id));
  routed: ReadonlySet<string> = new Set();
  #unroutedAt = new Map<string, number>();
  #memory: Memory = new Map();
  #outcomes: Outcome[] = [];
  #orphans = new Set<string>();
  #wakeAt = 0;
  #nextPoll = 0;
  now = 0;
  wallOffset = 1_700_000_000_000;

  constructor(readonly courses: readonly Course[]) {}

  /** Lets `ms` pass; `calm` means that every command succeeds within a second. */
  run(ms: number, calm: boolean): void {
    for (const end = this.now + ms; this.now < end; this.now += STEP) this.#step(calm);
  }

  happen({ pod: index, event }: Timed): void {
    const pod = this.pods[index]!;
    const wall = this.now + this.wallOffset;
    if (event.kind === "state") pod.desired = event.to;
    else if (event.kind === "action") pod.action = event.containers;
    else if (event.kind === "ready") pod.ready = event.ready;
    else if (event.kind === "clock") this.wallOffset += event.jump;
    else if (event.kind === "kill") pod.killSupervisor();
    else if (event.kind === "byHand") pod.stopByHand(this.now, wall);
    else if (event.kind === "loseStatus") pod.loseStatus();
    else this.#restart();
    this.#wakeAt = 0;
  }

  /** A new daemon, which remembers nothing; the old one waited for its commands to end. */
  #restart(): void {
    for (const pod of this.pods) pod.busy = undefined;
    this.#memory = new Map();
    this.#outcomes = [];
    this.#orphans.clear();
  }

  #step(calm: boolean): void {
    for (const pod of this.pods) {
      const ended = pod.tick(this.now, this.now + this.wallOffset);
      if (ended !== undefined) this.#outcomes.push({ id: pod.id, ok: ended });
    }
    const due = Math.min(this.#wakeAt, this.#nextPoll);
    if (this.now < due && this.#outcomes.length === 0 && this.now % 2000 !== 0) return;
    this.#turn(calm);
  }

  #turn(calm: boolean): void {
    const mono = this.now;
    const instances = this.pods.map((pod) => pod.facts());
    const before = this.routed;
    const decision = decide(
      { instances, published: before, outcomes: this.#outcomes },
      this.#memory,
      { mono, wall: mono + this.wallOffset },
      { limit: LIMIT, drainGrace: GRACE },
    );
    this.#memory = decision.memory;
    this.#outcomes = [];
    this.routed = decision.routed;
    for (const id of before) if (!this.routed.has(id)) this.#unroutedAt.set(id, mono);
    ok(decision.wakeAt === undefined || decision.wakeAt > mono, "it would wake at once, forever");
    this.#wakeAt = decision.wakeAt ?? Infinity;
    this.#nextPoll = mono + 10_000;

    for (const { id } of decision.discards) this.#pod(id).action = undefined;
    for (const command of decision.commands) {
      const { id, kind, containers = [] } = command;
      const pod = this.#pod(id);
      const upwards = kind === "run" || kind === "rerun";
      strictEqual(upwards, pod.desired === "running", `${kind} though ${pod.desired}`);
      if (!upwards || (kind === "rerun" && containers.length === 0)) {
        ok(!this.routed.has(id), `${kind} of a pod with traffic`);
        const left = this.#unroutedAt.get(id) ?? -Infinity;
        ok(mono - left >= GRACE, `${kind} ${mono - left} ms after its traffic left`);
      }
      const next = this.courses[mono / STEP % this.courses.length] ?? { ms: 0, ok: true };
      pod.start(command, calm ? { ms: next.ms % 1000, ok: true } : next, mono);
    }
    ok(this.pods.filter((pod) => pod.busy).length <= LIMIT, "too many commands at a time");
  }

  #pod(id: string): SimulatedPod {
    return this.pods.find((pod) => pod.id === id)!;
  }
}

Deno.test("decide converges from any state through any events and failures", () => {
  fc.assert(
    fc.property(
      fc.array(timed, { maxLength: 25 }),
      fc.array(course, { minLength: 1, maxLength: 17 }),
      (events, courses) => {
        const simulation = new Simulation(courses);
        for (const one of events) {
          simulation.run(one.after, false);
          simulation.happen(one);
        }
        simulation.run(180_000, true);
        for (const pod of simulation.pods) {
          strictEqual(pod.alive, pod.desired === "running", `${pod.id} ought to be ${pod.desired}`);
          strictEqual(pod.action, undefined, `${pod.id}: pod.action lies there`);
          strictEqual(simulation.routed.has(pod.id), pod.alive && pod.ready, `${pod.id}: traffic`);
        }
        // Nothing changed means nothing done.
        const calls = simulation.pods.map((pod) => pod.busy);
        ok(calls.every((busy) => busy === undefined));
      },
    ),
    {
      numRuns: 150,
      examples: [
        // A daemon that begins right after another took a pod out of the routes.
        [
          [
            { after: 6001, pod: 0, event: { kind: "state", to: "stopped" } },
            { after: 1, pod: 0, event: { kind: "restart" } },
          ],
          [{ ms: 0, ok: true }, { ms: 0, ok: false }],
        ],
      ],
    },
  );
});
