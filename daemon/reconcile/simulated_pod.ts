/** A pod in simulated time, for the property tests of `decide`. */
import type { PodState } from "../../podc/mod.ts";
import type { Command, Facts, StatusFacts } from "./model.ts";

/** What a command is going to come to. */
export interface Course {
  readonly ms: number;
  readonly ok: boolean;
}

interface Call {
  readonly command: Command;
  readonly until: number;
  readonly ok: boolean;
}

const REFRESH = 5000;

export class SimulatedPod {
  desired: PodState = "running";
  /** Whether pod.state says anything that can be understood. */
  readable = true;
  /** Whether its directory is there at all. */
  present = true;
  action: readonly string[] | undefined;
  ready = true;
  serves = true;
  /** Whether a supervisor lives. */
  alive = false;
  /** The daemon's command under way; only ever one at a time. */
  busy: Call | undefined;
  #status: StatusFacts | undefined;
  #refreshed = 0;
  /** A command of a daemon that died: it goes on, and the pod lets no other begin before its end. */
  #orphan: Call | undefined;

  /** @param id `<pod>/<version>` */
  constructor(readonly id: string, readonly startsFirst: boolean) {}

  facts(): Facts {
    const status = this.#status && { ...this.#status, pidAlive: this.alive };
    return {
      id: this.id,
      pod: this.id.split("/")[0]!,
      serves: this.serves,
      ...(this.startsFirst ? { startsFirst: true } : {}),
      ...(this.readable ? { desired: this.desired } : {}),
      ...(this.action ? { action: { containers: this.action } } : {}),
      ...(status ? { status } : {}),
    };
  }

  start(command: Command, course: Course, now: number): void {
    if (this.busy) throw new Error(`${this.id}: ${command.kind} during ${this.busy.command.kind}`);
    if (command.takeAction) this.action = undefined;
    const begin = Math.max(now, this.#orphan?.until ?? now);
    this.busy = { command, until: begin + course.ms, ok: course.ok };
  }

  /** Lets time pass; says how a command ended, when one did. */
  tick(now: number, wall: number): boolean | undefined {
    if (this.alive && now - this.#refreshed >= REFRESH) this.#write("running", now, wall);
    if (this.#orphan && now >= this.#orphan.until) {
      if (this.#orphan.ok) this.#apply(this.#orphan.command, now, wall);
      this.#orphan = undefined;
    }
    if (!this.busy || now < this.busy.until) return undefined;
    const { command, ok } = this.busy;
    this.busy = undefined;
    if (ok) this.#apply(command, now, wall);
    return ok;
  }

  /** The daemon ends by itself, and its command with it. */
  interrupt(): void {
    this.busy = undefined;
  }

  /** kill -9 of the daemon: its command goes on. */
  orphan(): void {
    this.#orphan = this.busy ?? this.#orphan;
    this.busy = undefined;
  }

  /** kill -9: the status file stays as it was. */
  killSupervisor(): void {
    this.alive = false;
  }

  /** Somebody stops the pod by hand. */
  stopByHand(now: number, wall: number): void {
    this.alive = false;
    this.#write("exited", now, wall);
  }

  loseStatus(): void {
    this.#status = undefined;
  }

  #apply({ kind, containers = [] }: Command, now: number, wall: number): void {
    if (kind === "run" || (kind === "rerun" && containers.length === 0)) {
      if (this.alive && kind === "run") return;
      this.alive = true;
      this.#write("created", now, wall);
    } else if (kind !== "rerun") {
      this.alive = false;
      this.#write(kind === "stop" ? "exited" : "removed", now, wall);
    }
  }

  #write(word: string, now: number, wall: number): void {
    this.#refreshed = now;
    const ready = word === "running" && this.ready;
    this.#status = { word, ready, beat: `${now} ${word} ${ready}`, updatedMs: wall };
  }
}
