/** Runs one program over an SSH connection, to its end and under limits. */
import { constants } from "node:os";
import {
  HostError,
  type HostErrorReason,
  type HostProgram,
  type HostResult,
} from "../../daemon/mod.ts";
import { messageOf } from "../errors.ts";
import type { SshConnection } from "./connection.ts";
import { feedChannel, Output } from "./channel_io.ts";
import { MAX_COMMAND_BYTES, remoteCommand } from "./remote_command.ts";
import type { ClientChannel } from "./ssh2.ts";

export interface RunOptions {
  /** The host's name, for messages. */
  readonly name: string;
  /** Bytes a program may write on stdout, and again on stderr. */
  readonly maxOutputBytes: number;
  /** Milliseconds between SIGTERM and SIGKILL when a program must end early. */
  readonly killGraceMs: number;
}

/** Milliseconds that an ended program has until its channel is given up. */
const CLOSE_MS = 5000;

/** Ends the process group `$1`, politely and `$2` tenths of a second later hard. */
const KILL = `
kill -TERM "-$1" || exit 0
turns=0
while [ "$turns" -lt "$2" ] && kill -0 "-$1"; do
  sleep 0.1
  turns=$((turns + 1))
done
kill -KILL "-$1"
exit 0
`;

/**
 * Runs `program` as {@link HostProgram} and `Host.run` say.
 *
 * @throws {HostError}
 */
export async function runProgram(
  connection: SshConnection,
  program: HostProgram,
  options: RunOptions,
): Promise<HostResult> {
  const run = new Run(connection, program, options);
  try {
    return await run.toEnd();
  } finally {
    run.close();
    const { stdin } = program;
    // A stream that nobody took is cancelled, so that its source can be freed.
    if (stdin instanceof ReadableStream && !stdin.locked) await stdin.cancel();
  }
}

class Run {
  readonly #stop = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onAbort = () => this.#fail("aborted", "aborted");
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #closed = Promise.withResolvers<void>();
  /** Known before the channel is closed, unless the connection was lost. */
  #code: number | undefined;
  /** Settles when what came so far is handed on. */
  #handedOn: Promise<void> = Promise.resolve();

  constructor(
    readonly connection: SshConnection,
    readonly program: HostProgram,
    readonly options: RunOptions,
  ) {
    const { timeoutMs, signal } = program;
    this.#stdout = new Output(options.maxOutputBytes);
    this.#stderr = new Output(options.maxOutputBytes);
    if (timeoutMs !== Infinity) {
      this.#timer = setTimeout(
        () => this.#fail("timeout", `no end after ${timeoutMs / 1000} s`),
        timeoutMs,
      );
    }
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.#fail("aborted", "aborted before it began");
  }

  async toEnd(): Promise<HostResult> {
    const channel = await this.#start();
    const ended = new AbortController();
    const fed = feedChannel(channel, this.program.stdin, ended.signal).catch((error) =>
      this.#fail("input", `its input failed: ${messageOf(error)}`)
    );
    try {
      const ended = this.#closed.promise.then(() => this.#handedOn);
      if (await this.#unlessStopped(ended) === STOPPED) {
        await this.#endEarly(channel);
      }
    } finally {
      ended.abort();
      await fed;
    }
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
    return this.#result();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.program.signal?.removeEventListener("abort", this.#onAbort);
  }

  async #start(): Promise<ClientChannel> {
    const { script, args = [] } = this.program;
    const command = this.#commandOf(script, args);
    const starting = this.connection.exec(command, (channel) => this.#listen(channel));
    try {
      const channel = await this.#unlessStopped(starting);
      if (channel !== STOPPED) return channel;
    } catch (error) {
      throw this.#error("unreachable", `no session: ${messageOf(error)}`, error);
    }
    // It may still start: nobody is there for it then.
    starting.then((late) => late.destroy(), () => {});
    throw this.#stop.signal.reason;
  }

  #commandOf(script: string, args: readonly string[]): string {
    let command: string;
    try {
      command = remoteCommand(script, args);
    } catch (error) {
      throw this.#error("failed", messageOf(error), error);
    }
    if (command.length <= MAX_COMMAND_BYTES) return command;
    throw this.#error("failed", `the program and its arguments are larger than a command may be`);
  }

  /** Collects what the channel brings. */
  #listen(channel: ClientChannel): void {
    const { onStdout } = this.program;
    const collect = (output: Output) => (chunk: Uint8Array) => {
      if (output.add(chunk)) {
        if (output === this.#stdout && onStdout !== undefined) this.#handOn(channel, onStdout);
        return;
      }
      this.#fail("output-limit", `more than ${this.options.maxOutputBytes} bytes of output`);
    };
    channel.on("data", collect(this.#stdout));
    channel.stderr.on("data", collect(this.#stderr));
    channel.on("exit", (status: number | null, signal?: string) => {
      this.#code = status ?? 128 + signalNumber(signal);
    });
    // Everything that can go wrong ends in a close.
    channel.on("error", () => {});
    channel.once("close", () => this.#closed.resolve());
  }

  /** Hands the output so far on, and reads no more of it meanwhile. */
  #handOn(channel: ClientChannel, take: NonNullable<HostProgram["onStdout"]>): void {
    if (!this.#stdout.begun) return;
    const bytes = this.#stdout.take();
    if (bytes.length === 0 || this.#stop.signal.aborted) return;
    channel.pause();
    this.#handedOn = this.#handedOn.then(async () => {
      try {
        await take(bytes);
      } catch (error) {
        this.#fail("failed", `its output was refused: ${messageOf(error)}`);
      } finally {
        channel.resume();
      }
    });
  }

  #result(): HostResult {
    const code = this.#code;
    if (code === undefined) {
      throw this.#error("unreachable", "the connection was lost while the program ran");
    }
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (!this.#stdout.begun) {
      const said = `${text(this.#stdout.all())}${text(this.#stderr.all())}`.trim();
      throw this.#error(
        "failed",
        `the login shell there did not start it (exit code ${code})${said && `: ${said}`}`,
      );
    }
    return { code, stdout: this.#stdout.own(), stderr: text(this.#stderr.own()) };
  }

  /** Ends the remote process group; the connection stays. */
  async #endEarly(channel: ClientChannel): Promise<void> {
    const { pid } = this.#stdout;
    // What still comes is dropped.
    channel.resume();
    const closed = this.#closed.promise;
    const waited = AbortSignal.timeout(this.options.killGraceMs + CLOSE_MS);
    const over = new Promise<void>((resolve) =>
      waited.addEventListener("abort", () => resolve(), { once: true })
    );
    if (pid !== undefined) {
      const tenths = String(Math.ceil(this.options.killGraceMs / 100));
      const killing = new Promise<void>((resolve) => {
        const attach = (killer: ClientChannel) => {
          killer.resume();
          killer.stderr.resume();
          killer.once("close", () => resolve());
        };
        this.connection.execNow(remoteCommand(KILL, [String(pid), tenths]), attach)
          // Where no second session is allowed, the server itself may pass a signal on.
          .catch(() => channel.signal("KILL"));
      });
      await Promise.race([killing, closed, over]);
    }
    channel.close();
    await Promise.race([closed, over]);
    channel.destroy();
  }

  async #unlessStopped<T>(promise: Promise<T>): Promise<T | typeof STOPPED> {
    const { signal } = this.#stop;
    let stop = () => {};
    const stopped = new Promise<typeof STOPPED>((resolve) => {
      stop = () => resolve(STOPPED);
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
    try {
      return await Promise.race([promise, stopped]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #fail(reason: HostErrorReason, message: string): void {
    if (!this.#stop.signal.aborted) this.#stop.abort(this.#error(reason, message));
  }

  #error(reason: HostErrorReason, message: string, cause?: unknown): HostError {
    return new HostError(this.options.name, reason, message, { cause });
  }
}

const STOPPED = Symbol("stopped");

function signalNumber(name: string | undefined): number {
  const signals: Readonly<Record<string, number>> = constants.signals;
  return signals[`SIG${name?.replace(/^SIG/, "")}`] ?? 0;
}
