/** The way from an operator to a simulated host. */
import { type Host, HostError, type HostProgram, type HostResult } from "../../../daemon/mod.ts";
import type { Clock } from "./clock.ts";
import type { Machine, Process } from "./machine.ts";
import { programName } from "./programs.ts";

/** How a link behaves; faults change it. */
export interface LinkState {
  /** Milliseconds there and back. */
  rttMs: number;
  bytesPerMs: number;
  /** Until when no connection can be made, in milliseconds of the clock. */
  downUntil: number;
}

/** Milliseconds after which a side notices that the other one does not answer. */
const KEEPALIVE_MS = 15_000;
/** Milliseconds after which a host notices that an operator has gone without a word. */
const HALF_OPEN_MS = 120_000;
/** Round trips until an SSH connection can be used. */
const HANDSHAKE_ROUND_TRIPS = 6;

/** The operator at the other end. */
export interface Asker {
  /** Calls `action` when the operator runs: at once, after its stall, or never. */
  wake(action: () => void): void;
  /** Called at the begin and at the end of each request; may cut the link. */
  onRequest(link: Link, program: string, when: "send" | "answer"): void;
}

export class Link implements Host {
  readonly state: LinkState;
  #connected = false;
  readonly #requests = new Set<Request>();

  constructor(
    readonly clock: Clock,
    readonly machine: Machine,
    readonly asker: Asker,
    state: Partial<LinkState> = {},
  ) {
    this.state = { rttMs: 10, bytesPerMs: 1000, downUntil: 0, ...state };
    machine.onDown.add(() => this.cut(0, true));
  }

  get name(): string {
    return this.machine.name;
  }

  run(program: HostProgram): Promise<HostResult> {
    return new Promise((resolve, reject) => {
      const request = new Request(this, program, resolve, reject, () => {
        this.#requests.delete(request);
      });
      this.#requests.add(request);
      this.asker.onRequest(this, request.name, "send");
      request.begin();
    });
  }

  /**
   * Ends the connection; no new one for `forMs`. Programs go on, and their input ends: at once, or
   * when the connection just fell `silent` after minutes.
   */
  cut(forMs: number, silent = false): void {
    this.#connected = false;
    this.state.downUntil = this.clock.now + forMs;
    for (const request of [...this.#requests]) request.cut(silent);
  }

  /** Milliseconds until a program can be started; undefined when the host can't be reached. */
  setUpMs(): number | undefined {
    if (!this.machine.up || this.clock.now < this.state.downUntil) return undefined;
    const trips = this.#connected ? 0 : HANDSHAKE_ROUND_TRIPS;
    this.#connected = true;
    return trips * this.state.rttMs;
  }
}

class Request {
  readonly name;
  #process: Process | undefined;
  #over = false;
  readonly #timeout: () => void;
  readonly #onAbort = () => this.#giveUp("aborted");

  constructor(
    readonly link: Link,
    readonly program: HostProgram,
    readonly resolve: (result: HostResult) => void,
    readonly reject: (error: HostError) => void,
    readonly finished: () => void,
  ) {
    this.name = programName(program.script);
    this.#timeout = link.clock.after(program.timeoutMs, () => this.#giveUp("timeout"));
    program.signal?.addEventListener("abort", this.#onAbort);
  }

  begin(): void {
    if (this.program.signal?.aborted) return this.#giveUp("aborted");
    const setUpMs = this.link.setUpMs();
    if (setUpMs === undefined) return this.#fail("unreachable", "no connection");
    this.link.clock.after(setUpMs + this.link.state.rttMs / 2, () => this.#start());
  }

  /** The connection ends: the program's input is what came so far, its answer is lost. */
  cut(silent: boolean): void {
    const { link } = this;
    const process = this.#process;
    link.clock.after(silent ? HALF_OPEN_MS : 0, () => process?.feed(new Uint8Array()));
    this.#fail("unreachable", "the connection was lost", silent);
  }

  #start(): void {
    if (this.#over) return;
    const { link, program, name } = this;
    if (!link.machine.up) return this.cut(true);
    const { stdin, args = [] } = program;
    if (stdin instanceof ReadableStream) throw new Error("The simulator feeds bytes only");
    this.#process = link.machine.start(
      name,
      args.slice(1),
      stdin !== undefined,
      (end) => link.clock.after(link.state.rttMs / 2, () => this.#answer(end)),
    );
    if (stdin === undefined) return;
    const process = this.#process;
    link.clock.after(stdin.length / link.state.bytesPerMs, () => process.feed(stdin));
  }

  #answer({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): void {
    if (this.#over) return;
    this.link.asker.onRequest(this.link, this.name, "answer");
    if (this.#over) return;
    this.#end();
    const result = { code, stdout: new TextEncoder().encode(stdout), stderr };
    this.link.asker.wake(() => this.resolve(result));
  }

  #giveUp(reason: "aborted" | "timeout"): void {
    this.#process?.terminate();
    this.#fail(reason, reason);
  }

  #fail(reason: "aborted" | "timeout" | "unreachable", message: string, silent = false): void {
    if (this.#over) return;
    this.#end();
    const delayMs = silent ? KEEPALIVE_MS : 1;
    this.link.clock.after(delayMs, () => {
      this.link.asker.wake(() => this.reject(new HostError(this.link.name, reason, message)));
    });
  }

  #end(): void {
    this.#over = true;
    this.#timeout();
    this.program.signal?.removeEventListener("abort", this.#onAbort);
    this.finished();
  }
}
