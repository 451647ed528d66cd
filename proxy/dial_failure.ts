/** What an error of the system says about the host that was dialled. */
import { messageOf } from "./error_message.ts";
import { DialError } from "./engine.ts";

const UNREACHABLE = new Set(["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN"]);
const EXHAUSTED = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

/**
 * The failure to connect to `where`.
 *
 * @param cause Its `code`, the name of an errno, decides about the kind.
 */
export function dialFailure(where: string, cause: unknown): DialError {
  const message = messageOf(cause);
  return new DialError(kindOf(cause), `Cannot connect to ${where}: ${message}`, { cause });
}

function kindOf(error: unknown): DialError["kind"] {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  if (typeof code === "string" && UNREACHABLE.has(code)) return "silent";
  if (typeof code === "string" && EXHAUSTED.has(code)) return "local";
  return "refused";
}
