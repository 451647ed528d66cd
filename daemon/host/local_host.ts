/** The machine that this program runs on, as a host. */
import { ChildError, runChild } from "./child.ts";
import { type Host, HostError, type HostProgram, type HostResult } from "./host.ts";

export interface LocalHostOptions {
  /** Bytes a program may write on stdout, and again on stderr; default 64 MiB. */
  readonly maxOutputBytes?: number;
  /** Milliseconds between SIGTERM and SIGKILL when a program must end early; default 2000. */
  readonly killGraceMs?: number;
}

/**
 * Runs programs with the local `sh`, each in a process group of its own.
 *
 * The system bounds the script and each argument to 128 KiB: larger data belongs into `stdin`.
 */
export class LocalHost implements Host {
  readonly #maxOutputBytes: number;
  readonly #options: LocalHostOptions;

  constructor(readonly name: string, options: LocalHostOptions = {}) {
    this.#options = options;
    this.#maxOutputBytes = options.maxOutputBytes ?? 64 * 1024 * 1024;
  }

  async run(program: HostProgram): Promise<HostResult> {
    const { script, args = [], stdin, onStdout, timeoutMs, signal } = program;
    const { killGraceMs } = this.#options;
    try {
      const result = await runChild({
        argv: ["sh", "-c", script, "sns", ...args],
        stdin: stdin ?? new Uint8Array(),
        timeoutMs,
        maxOutputBytes: this.#maxOutputBytes,
        ...(onStdout === undefined ? {} : { onStdout }),
        ...(signal === undefined ? {} : { signal }),
        ...(killGraceMs === undefined ? {} : { killGraceMs }),
      });
      return { ...result, stderr: new TextDecoder().decode(result.stderr) };
    } catch (error) {
      if (!(error instanceof ChildError)) throw error;
      throw new HostError(this.name, error.reason, error.message, { cause: error });
    }
  }
}
