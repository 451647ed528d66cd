/** A host with pods and a daemon in simulated time; checks in every turn what must always hold. */
import { ok, strictEqual } from "node:assert/strict";
import { decide } from "./decide.ts";
import type { Command, Decision, Memory, Outcome } from "./model.ts";
import { type Course, SimulatedPod } from "./simulated_pod.ts";
import { START_FIRST_PATIENCE } from "./timing.ts";

export const STEP = 100;
const GRACE = 500;
const LIMIT = 2;
/** Attempts without anything new begin 1, 2, 4, 8 … seconds after each other: so many in this time. */
const STORM = { ms: 30_000, most: 6 };

export type Event =
  | { readonly kind: "state"; readonly to: "running" | "stopped" | "removed" }
  | { readonly kind: "action"; readonly containers: readonly string[] }
  | { readonly kind: "ready" | "readable" | "present" | "serves"; readonly is: boolean }
  | { readonly kind: "clock"; readonly jump: number }
  | { readonly kind: "address"; readonly to: string }
  | {
    readonly kind: "kill" | "byHand" | "loseStatus" | "restart" | "crash" | "boot" | "swap";
  };

export interface Timed {
  /** Milliseconds since the event before. */
  readonly after: number;
  readonly pod: number;
  readonly event: Event;
}

export class Simulation {
  readonly pods: readonly SimulatedPod[];
  routed: ReadonlySet<string> = new Set();
  #unroutedAt = new Map<string, number>();
  #memory: Memory = new Map();
  #outcomes: Outcome[] = [];
  #address = "10.0.0.1";
  #wakeAt = 0;
  #nextPoll = 0;
  /** When each pod's commands began since something new happened to it. */
  readonly #attempts = new Map<string, number[]>();
  readonly #heldSince = new Map<string, number>();
  now = 0;
  wallOffset = 1_700_000_000_000;

  /** @param firsts which of the versions of pod `a` start first */
  constructor(readonly courses: readonly Course[], firsts: readonly [boolean, boolean]) {
    this.pods = [
      new SimulatedPod("a/1", firsts[0]),
      new SimulatedPod("a/2", firsts[1]),
      new SimulatedPod("b/1", false),
    ];
  }

  /** Lets `ms` pass; `calm` means that every command succeeds within a second. */
  run(ms: number, calm: boolean): void {
    for (const end = this.now + ms; this.now < end; this.now += STEP) this.#step(calm);
  }

  happen({ pod: index, event }: Timed): void {
    const pod = this.pods[index]!;
    const wall = this.now + this.wallOffset;
    this.#wakeAt = 0;
    switch (event.kind) {
      case "state":
        pod.desired = event.to;
        return this.#isNew(pod);
      case "action":
        pod.action = event.containers;
        return this.#isNew(pod);
      case "ready":
      case "readable":
      case "serves":
        pod[event.kind] = event.is;
        return;
      case "present":
        pod.present = event.is;
        return this.#isNew(pod);
      case "clock":
        this.wallOffset += event.jump;
        return;
      case "address":
        this.#address = event.to;
        return this.pods.forEach((each) => this.#isNew(each));
      case "kill":
        return pod.killSupervisor();
      case "byHand":
        return pod.stopByHand(this.now, wall);
      case "loseStatus":
        return pod.loseStatus();
      case "restart":
        this.pods.forEach((each) => each.interrupt());
        return this.#newDaemon();
      case "crash":
        this.pods.forEach((each) => each.orphan());
        return this.#newDaemon();
      case "boot":
        for (const each of this.pods) {
          each.interrupt();
          each.killSupervisor();
        }
        return this.#newDaemon();
      case "swap":
        // A sync that exchanges the versions of a pod.
        this.pods[0]!.desired = pod.desired === "running" ? "stopped" : "running";
        this.pods[1]!.desired = pod.desired === "running" ? "running" : "stopped";
        this.#isNew(this.pods[0]!);
        return this.#isNew(this.pods[1]!);
    }
  }

  /** What comes to rest in the end is as it should be. */
  checkRest(): void {
    for (const { id, desired, alive, action, busy, present, ready, serves } of this.pods) {
      strictEqual(busy, undefined, `${id}: still at it`);
      if (!present) continue;
      strictEqual(alive, desired === "running", `${id} ought to be ${desired}`);
      strictEqual(action, undefined, `${id}: pod.action lies there`);
      strictEqual(this.routed.has(id), alive && ready && serves, `${id}: traffic`);
    }
  }

  /** A new daemon, which remembers nothing. */
  #newDaemon(): void {
    this.#memory = new Map();
    this.#outcomes = [];
    this.#heldSince.clear();
    for (const pod of this.pods) this.#isNew(pod);
  }

  #isNew({ id }: SimulatedPod): void {
    this.#attempts.delete(id);
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
    const instances = this.pods.filter((pod) => pod.present).map((pod) => pod.facts());
    const before = this.routed;
    const decision = decide(
      { instances, hostInterface: this.#address, outcomes: this.#outcomes },
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

    this.#checkHeld(decision);
    for (const { id } of decision.discards) this.#pod(id).action = undefined;
    for (const command of decision.commands) {
      this.#checkCommand(command);
      const next = this.courses[mono / STEP % this.courses.length] ?? { ms: 0, ok: true };
      this.#pod(command.id).start(command, calm ? { ms: next.ms % 1000, ok: true } : next, mono);
    }
    ok(this.pods.filter((pod) => pod.busy).length <= LIMIT, "too many commands at a time");
  }

  #checkCommand({ id, kind, containers = [] }: Command): void {
    const pod = this.#pod(id);
    ok(pod.present, `${kind} of a pod that is not there`);
    const upwards = kind === "run" || kind === "rerun";
    if (pod.readable) strictEqual(upwards, pod.desired === "running", `${kind}: ${pod.desired}`);
    if (!upwards || (kind === "rerun" && containers.length === 0)) {
      ok(!this.routed.has(id), `${kind} of a pod with traffic`);
      const left = this.now - (this.#unroutedAt.get(id) ?? -Infinity);
      ok(left >= GRACE, `${kind} ${left} ms after its traffic left`);
    }
    if (containers.length > 0) return;
    const attempts = [...this.#attempts.get(id) ?? [], this.now]
      .filter((at) => this.now - at < STORM.ms);
    this.#attempts.set(id, attempts);
    ok(attempts.length <= STORM.most, `${id}: ${attempts.length} attempts in ${STORM.ms} ms`);
  }

  /** One is held only for one that starts first, for a limited time, and goes on meanwhile. */
  #checkHeld({ held, commands }: Decision): void {
    for (const [id, first] of held) {
      const [pod, other] = [this.#pod(id), this.#pod(first)];
      ok(pod.alive && pod.desired !== "running", `${id} is held for nothing`);
      ok(other.startsFirst && other.desired === "running", `${id} is held for the wrong one`);
      ok(!commands.some((command) => command.id === id), `${id}: a command though it is held`);
      const since = this.#heldSince.get(id) ?? this.now;
      this.#heldSince.set(id, since);
      ok(this.now - since < START_FIRST_PATIENCE, `${id} is held for too long`);
    }
    for (const id of this.#heldSince.keys()) if (!held.has(id)) this.#heldSince.delete(id);
  }

  #pod(id: string): SimulatedPod {
    return this.pods.find((pod) => pod.id === id)!;
  }
}
