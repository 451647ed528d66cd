/** What the kernel says when it says no. */
import { getSystemErrorMap } from "node:util";

export const EINTR = 4;
export const EAGAIN = 11;
export const ENFILE = 23;
export const EMFILE = 24;
export const EPIPE = 32;
export const ECONNRESET = 104;
export const EINPROGRESS = 115;

/** A call into the kernel that failed, with the name of its errno as `code`. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  /** Such as `EADDRINUSE`. */
  readonly code: string;

  /** @param what What could not be done: `Cannot listen on 127.0.0.1:80`. */
  constructor(what: string, readonly errno: number) {
    const [code, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown error"];
    super(`${what}: ${text} (${code})`);
    this.code = code;
  }
}
