/** Why a machine on the way to a host could not be used. */
import { UserError } from "../errors.ts";

export class HopError extends UserError {
  /** Whether the server hung up at once, as one does that has too many logins under way. */
  readonly busy: boolean;

  /**
   * @param reason `unreachable`: there is no connection; `refused`: there is, but the host key or the
   * login was not accepted
   */
  constructor(
    readonly reason: "unreachable" | "refused",
    message: string,
    options: { hint?: string; cause?: unknown; busy?: boolean } = {},
  ) {
    super(message, options);
    this.busy = options.busy ?? false;
  }
}
