/** Runs one child process in a group of its own, to its end and under limits. */
import { messageOf } from "../files.ts";
import { collect, feed, handOn, OutputLimitError } from "./child_io.ts";

export interface ChildOptions {
  /** Program, then its arguments. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  /** The whole environment when given; otherwise the own one is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array | ReadableStream<Uint8Array>;
  /** Gets standard output as it comes, see `HostProgram`. */
  readonly onStdout?: (bytes: Uint8Array) => void | Promise<void>;
  /** Infinity for a child that may go on. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Bytes allowed on stdout, and again on stderr. */
  readonly maxOutputBytes: number;
  /** What happens beyond that: `fail` (the default) ends the child, `keep-last` forgets the oldest. */
  readonly overflow?: "fail" | "keep-last";
  /** Milliseconds between SIGTERM and SIGKILL when the child must end early; default 2000. */
  readonly killGraceMs?: number;
  /**
   * Milliseconds to wait for the end of output after the child has ended. Without it the wait lasts
   * until everyone who inherited the output has closed it, as `ssh` does.
   */
  readonly lingerMs?: number;
}

export interface ChildResult {
  /** Exit code; 128 + n when signal n ended the child. */
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** A child gave no result: it was ended early, or never started. */
export class ChildError extends Error {
  override readonly name = "ChildError";
  constructor(
    readonly reason: "timeout" | "aborted" | "output-limit" | "input" | "failed",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Runs a child to its end. When it has to end early its whole process group is ended, and the
 * child reaped, before this rejects.
 *
 * @throws {ChildError}
 */
export async function runChild(options: ChildOptions): Promise<ChildResult> {
  const child = await begin(options);
  const ending = new Ending(child.pid, options);
  const stream = (from: ReadableStream<Uint8Array>, to: NonNullable<ChildOptions["onStdout"]>) =>
    handOn(from, to, ending.closeOutput).catch((error) =>
      ending.force(
        new ChildError("failed", `its output was refused: ${messageOf(error)}`, { cause: error }),
      )
    ).then(() => new Uint8Array());
  const read = (stream: ReadableStream<Uint8Array>) =>
    collect(stream, options, ending.closeOutput).catch((error) => {
      if (!(error instanceof OutputLimitError)) throw error;
      ending.force(new ChildError("output-limit", error.message, { cause: error }));
      return new Uint8Array();
    });
  const outputs = Promise.all([
    options.onStdout === undefined ? read(child.stdout) : stream(child.stdout, options.onStdout),
    read(child.stderr),
  ]);
  const fed = options.stdin === undefined
    ? undefined
    : feed(child.stdin, options.stdin, ending.closeInput).catch((error) =>
      ending.force(
        new ChildError("input", `its input failed: ${messageOf(error)}`, { cause: error }),
      )
    );
  try {
    const { code } = await child.status;
    ending.childEnded(options.lingerMs);
    const [stdout, stderr] = await outputs;
    await fed;
    if (ending.failure) throw ending.failure;
    return { code, stdout, stderr };
  } finally {
    ending.close();
  }
}

/** Starts the child; when that fails, the stream meant for it is cancelled. */
async function begin(options: ChildOptions): Promise<Deno.ChildProcess> {
  try {
    if (options.signal?.aborted) throw new ChildError("aborted", "aborted before it began");
    return spawn(options);
  } catch (error) {
    if (options.stdin instanceof ReadableStream) await options.stdin.cancel(error);
    throw error;
  }
}

function spawn({ argv, cwd, env, stdin }: ChildOptions): Deno.ChildProcess {
  const [program, ...args] = argv;
  try {
    return new Deno.Command(program, {
      args,
      detached: true,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env: { ...env }, clearEnv: true }),
    }).spawn();
  } catch (error) {
    throw new ChildError("failed", `${program} does not start: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Watches over one child: when it must end early, by which signals, and when its pipes are given up. */
class Ending {
  /** Why the child was ended early, when it was. */
  failure: ChildError | undefined;
  readonly #input = new AbortController();
  readonly #output = new AbortController();
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  readonly #onAbort = () => this.force(new ChildError("aborted", "aborted"));
  #ended = false;

  constructor(readonly pid: number, readonly options: ChildOptions) {
    const { timeoutMs, signal } = options;
    if (timeoutMs !== Infinity) {
      this.#later(timeoutMs, () => {
        this.force(new ChildError("timeout", `no end after ${timeoutMs / 1000} s`));
      });
    }
    signal?.addEventListener("abort", this.#onAbort);
  }

  get closeInput(): AbortSignal {
    return this.#input.signal;
  }

  get closeOutput(): AbortSignal {
    return this.#output.signal;
  }

  /** Ends the group: politely, then hard. The first failure is the one that is reported. */
  force(failure: ChildError): void {
    if (this.failure) return;
    this.failure = failure;
    if (this.#ended) return this.#kill();
    signalGroup(this.pid, "SIGTERM");
    this.#later(this.options.killGraceMs ?? 2000, () => this.#kill());
  }

  /** The child is reaped; others of its group may live on and hold its output. */
  childEnded(lingerMs: number | undefined): void {
    this.#ended = true;
    this.#input.abort();
    if (this.failure) this.#kill();
    else if (lingerMs !== undefined) this.#later(lingerMs, () => this.#output.abort());
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.options.signal?.removeEventListener("abort", this.#onAbort);
  }

  #kill(): void {
    signalGroup(this.pid, "SIGKILL");
    this.#input.abort();
    this.#output.abort();
  }

  #later(ms: number, action: () => void): void {
    this.#timers.push(setTimeout(action, ms));
  }
}

function signalGroup(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-pid, signal);
  } catch (error) {
    // Nobody of the group is left.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
