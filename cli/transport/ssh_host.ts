/** A host behind SSH. */
import { type Host, HostError, type HostProgram, type HostResult } from "../../daemon/mod.ts";
import type { SshConnection } from "./connection.ts";
import { HopError } from "./hop_error.ts";
import { runProgram } from "./run_program.ts";

export interface SshHostOptions {
  /** Bytes a program may write on stdout, and again on stderr; default 64 MiB. */
  readonly maxOutputBytes?: number;
  /** Milliseconds between SIGTERM and SIGKILL when a program must end early; default 2000. */
  readonly killGraceMs?: number;
}

/**
 * Runs programs with the `sh` of a host, several at a time over one connection.
 *
 * The script with its arguments may have 96 KiB: larger data belongs into `stdin`. When the connection
 * is lost, a running program is left to itself: its input ends and its output is closed.
 */
export class SshHost implements Host {
  readonly #connect: () => Promise<SshConnection>;
  readonly #options: SshHostOptions;

  /** @param connect gives the open connection, or makes one; throws {@link HopError} */
  constructor(
    readonly name: string,
    connect: () => Promise<SshConnection>,
    options: SshHostOptions = {},
  ) {
    this.#connect = connect;
    this.#options = options;
  }

  async run(program: HostProgram): Promise<HostResult> {
    const { maxOutputBytes = 64 * 1024 * 1024, killGraceMs = 2000 } = this.#options;
    const connection = await this.#connected(program);
    return await runProgram(connection, program, {
      name: this.name,
      maxOutputBytes,
      killGraceMs,
    });
  }

  async #connected({ signal, stdin }: HostProgram): Promise<SshConnection> {
    let stop = () => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(new HostError(this.name, "aborted", "aborted before it began"));
      if (signal?.aborted) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    });
    try {
      return await Promise.race([aborted, this.#connect()]);
    } catch (error) {
      if (stdin instanceof ReadableStream) await stdin.cancel();
      if (!(error instanceof HopError)) throw error;
      throw new HostError(this.name, error.reason, error.message, { cause: error });
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }
}
