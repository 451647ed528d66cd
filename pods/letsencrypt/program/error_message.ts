/** The text of anything thrown, for a log. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
