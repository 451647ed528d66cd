/** Why a machine on the way to a host could not be used. */
import { UserError } from "../errors.ts";

export class HopError extends UserError {
  /**
   * @param reason `unreachable`: there is no connection; `refused`: there is, but the host key or the
   * login was not accepted
   */
  constructor(
    readonly reason: "unreachable" | "refused",
    message: string,
    options: { hint?: string; cause?: unknown } = {},
  ) {
    super(message, options);
  }
}
