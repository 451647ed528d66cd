/** Asking before something that can't be undone. */
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";

/**
 * Whether to go on: `yes` answers for the person.
 *
 * @throws {UserError} when nobody can answer
 */
export async function confirm(deps: Deps, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  const answer = await deps.ask(`${question} (yes/no) `, { secret: false });
  if (answer === undefined) {
    throw new UserError(`${question} Nobody is there to answer`, { hint: "add --yes" });
  }
  return answer.trim().toLowerCase() === "yes";
}
