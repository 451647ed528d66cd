/** What a step of the compiler found, with its place in the text that the step was given. */
import type { Span } from "./span.ts";

export interface Finding {
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly hint?: string;
  /** Absent when it concerns the whole file. */
  readonly span?: Span;
}
