/** The seam between sns and a host: one method, the same for the local disk and for SSH. */

/** One shell program for a host. */
export interface HostProgram {
  /** POSIX sh source. */
  readonly script: string;
  /** Its positional parameters `$1`, `$2` …; they arrive byte for byte. */
  readonly args?: readonly string[];
  /** Bytes for its standard input; without it the input is empty. */
  readonly stdin?: Uint8Array | ReadableStream<Uint8Array>;
  /**
   * Gets standard output as it comes; the result's is empty then, and its size has no limit. Nothing
   * more is read before the returned promise settles. What it throws ends the program.
   */
  readonly onStdout?: (bytes: Uint8Array) => void | Promise<void>;
  /** Milliseconds until the program is ended and `run` fails; Infinity for one that may go on. */
  readonly timeoutMs: number;
  /** Ends the program early; `run` then fails with reason `aborted`. */
  readonly signal?: AbortSignal;
}

/** What a program that ended by itself left behind. */
export interface HostResult {
  /** Exit code; 128 + n when signal n ended the program. */
  readonly code: number;
  readonly stdout: Uint8Array;
  /** Decoded as UTF-8, invalid bytes replaced. */
  readonly stderr: string;
}

/** Runs shell programs on one host. */
export interface Host {
  /** The host's name in the project, as messages show it. */
  readonly name: string;
  /**
   * Runs one program to its end.
   *
   * A non-zero exit is a result, not an error.
   *
   * @throws {HostError} when the host cannot be reached, the program cannot be started, the time is
   * up, the signal aborted or the output is larger than allowed. The program has ended then.
   */
  run(program: HostProgram): Promise<HostResult>;
}

/**
 * Why no result came from a host: `unreachable` (no connection), `refused` (it is not the host that
 * is known, or it does not let us in), `timeout`, `aborted`, `output-limit` (more output than allowed),
 * `input` (the stream given as stdin failed), `failed` (the program could not be started).
 */
export type HostErrorReason =
  | "unreachable"
  | "refused"
  | "timeout"
  | "aborted"
  | "output-limit"
  | "input"
  | "failed";

/** No result came from a host. */
export class HostError extends Error {
  override readonly name = "HostError";

  constructor(
    readonly hostName: string,
    readonly reason: HostErrorReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot run on host "${hostName}": ${message}`, options);
  }
}
