/** Why a machine on the way to a host could not be used. */
import { UserError } from "../errors.ts";

export class HopError extends UserError {
  /** Whether the server hung up at once, as one does that has too many logins under way. */
  readonly busy: boolean;
  /** Whether the machine is the right one, and only the login was not accepted. */
  readonly login: boolean;

  /**
   * @param reason `unreachable`: there is no connection; `refused`: there is, but the host key or the
   * login was not accepted
   */
  constructor(
    readonly reason: "unreachable" | "refused",
    message: string,
    options: { hint?: string; cause?: unknown; busy?: boolean; login?: boolean } = {},
  ) {
    super(message, options);
    this.busy = options.busy ?? false;
    this.login = options.login ?? false;
  }
}
