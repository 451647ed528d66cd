/** A simulated host: its files, its clock, and the programs that run there. */
import type { Random } from "../random.ts";
import type { Clock } from "./clock.ts";
import { SIM_PROGRAMS, type SimProgramName } from "./programs.ts";
import { Exit, type Program } from "./system.ts";
import { Tree } from "./tree.ts";

/** Unix seconds at which all clocks begin. */
const EPOCH = 1_700_000_000;
const KILL_GRACE_MS = 2_000;

export interface ProgramEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs on a machine. */
export interface Process {
  readonly name: SimProgramName;
  readonly args: readonly string[];
  /** Ends it politely, and hard when it does not listen. */
  terminate(): void;
  /** Ends it at once. */
  kill(): void;
  /** Its stdin is complete, or was cut. */
  feed(bytes: Uint8Array): void;
}

/** Called when a program stands between two calls, before the next one. */
export type PointHook = (machine: Machine, process: Process) => void;

export class Machine {
  readonly tree = new Tree();
  up = true;
  /** Seconds that its clock is ahead. */
  clockOffset = 0;
  readonly processes = new Set<Process>();
  /** The program that is just making its next call, when there is one. */
  current: Process | undefined;
  onPoint: PointHook = () => {};
  /** Called when the machine stops. */
  readonly onDown = new Set<() => void>();
  #mutex: Process | undefined;

  /** @param callMs milliseconds between two calls of a program */
  constructor(
    readonly name: string,
    readonly clock: Clock,
    readonly random: Random,
    readonly callMs = 1,
  ) {}

  /** Unix seconds, as `date +%s` says. */
  now(): number {
    return EPOCH + Math.floor(this.clock.now / 1000) + this.clockOffset;
  }

  /** Starts a program; `ended` is called when it has ended, unless the machine went down. */
  start(
    name: SimProgramName,
    args: readonly string[],
    stdin: boolean,
    ended: (end: ProgramEnd) => void,
  ): Process {
    const process = new Run(this, name, args, stdin, ended);
    this.processes.add(process);
    process.next();
    return process;
  }

  /** Whether `process` has the mutex now. */
  takeMutex(process: Process): boolean {
    this.#mutex ??= process;
    return this.#mutex === process;
  }

  hasMutex(process: Process): boolean {
    return this.#mutex === process;
  }

  dropMutex(process: Process): void {
    if (this.#mutex === process) this.#mutex = undefined;
  }

  /** Stops everything. With `power` what was not on the disk yet may be lost. */
  crash(power: boolean): void {
    this.up = false;
    for (const process of this.processes) process.kill();
    for (const tell of [...this.onDown]) tell();
    if (power) this.tree.powerLoss(() => this.random.chance(0.5));
  }
}

class Run implements Process {
  readonly #program: Program;
  #stdout = "";
  #input: Uint8Array | undefined;
  #waits = false;
  #deaf = false;
  #over = false;
  #cancel = () => {};

  constructor(
    readonly machine: Machine,
    readonly name: SimProgramName,
    readonly args: readonly string[],
    stdin: boolean,
    readonly ended: (end: ProgramEnd) => void,
  ) {
    if (!stdin) this.#input = new Uint8Array();
    this.#program = SIM_PROGRAMS[name]({
      tree: machine.tree,
      args,
      input: () => this.#input!,
      print: (text) => void (this.#stdout += text),
      now: () => machine.now(),
      takeMutex: () => machine.takeMutex(this),
      dropMutex: () => machine.dropMutex(this),
      ignoreSignals: () => void (this.#deaf = true),
    });
  }

  /** Goes on after a moment. */
  next(delayMs = this.machine.callMs * (0.5 + this.machine.random.next())): void {
    this.#cancel = this.machine.clock.after(delayMs, () => this.#turn());
  }

  feed(bytes: Uint8Array): void {
    if (this.#over || this.#input !== undefined) return;
    this.#input = bytes;
    if (this.#waits) this.next();
  }

  terminate(): void {
    if (this.#over) return;
    this.machine.clock.after(KILL_GRACE_MS, () => this.kill());
    if (this.#deaf) return;
    this.#cancel();
    if (this.name !== "apply") return this.kill();
    this.#turn(() => this.#program.throw(new Exit(1, "")));
  }

  kill(): void {
    this.#end({ code: 137, stdout: this.#stdout, stderr: "" });
  }

  #turn(resume = () => this.#program.next()): void {
    if (this.#over) return;
    const { machine } = this;
    machine.onPoint(machine, this);
    if (this.#over) return;
    machine.current = this;
    try {
      const { done, value } = resume();
      if (done) return this.#end({ code: 0, stdout: this.#stdout, stderr: "" });
      if (typeof value === "number") return this.next(value);
      this.#waits = value === "input" && this.#input === undefined;
      if (!this.#waits) this.next();
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      this.#end({ code: error.code, stdout: this.#stdout, stderr: error.message });
    } finally {
      machine.current = undefined;
    }
  }

  #end(end: ProgramEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancel();
    this.machine.processes.delete(this);
    this.machine.dropMutex(this);
    if (this.machine.up) this.ended(end);
  }
}
