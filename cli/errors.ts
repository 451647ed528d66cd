/** Errors for the person at the terminal, and how an error becomes text. */

/** A failure that is explained by its text alone: what, where, and what to try. */
export class UserError extends Error {
  override readonly name = "UserError";
  /** What to try. */
  readonly hint?: string;

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    if (options.hint !== undefined) this.hint = options.hint;
  }
}

/**
 * The lines that describe `error`: its message with those of its causes, then the hints.
 *
 * @param verbose adds the stack of the innermost error
 */
export function describeError(error: unknown, verbose = false): string[] {
  const messages: string[] = [];
  const hints: string[] = [];
  let innermost: unknown = error;
  for (let at: unknown = error; at !== undefined && at !== null;) {
    innermost = at;
    const text = messageOf(at);
    if (!messages.some((message) => message.includes(text))) messages.push(text);
    if (at instanceof UserError && at.hint !== undefined) hints.push(at.hint);
    if (at instanceof Deno.errors.PermissionDenied) hints.push("see who owns it: ls -ld <path>");
    at = at instanceof Error ? at.cause : undefined;
  }
  const lines = [messages.join(": "), ...hints.map((hint) => `Try: ${hint}`)];
  if (verbose && innermost instanceof Error && !(innermost instanceof UserError)) {
    if (innermost.stack !== undefined) lines.push(innermost.stack);
  }
  return lines;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
