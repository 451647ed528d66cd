/** Collects what is wrong with a pod.yaml while it is read. */
import type { Span } from "../source/span.ts";
import type { Finding } from "../source/finding.ts";

export class Reporter {
  readonly findings: Finding[] = [];
  readonly #lineOf: (span: Span) => number;

  /** @param lineOf the line of the user's file that a span of the YAML text begins on */
  constructor(lineOf: (span: Span) => number) {
    this.#lineOf = lineOf;
  }

  error(span: Span | undefined, message: string, hint?: string): void {
    this.#add("error", span, message, hint);
  }

  warning(span: Span | undefined, message: string, hint?: string): void {
    this.#add("warning", span, message, hint);
  }

  /** `line 7`, to name a second place in a message. */
  place(span: Span): string {
    return `line ${this.#lineOf(span)}`;
  }

  /** The user's line of `span`. */
  line(span: Span): number {
    return this.#lineOf(span);
  }

  #add(severity: Finding["severity"], span: Span | undefined, message: string, hint?: string) {
    this.findings.push({
      severity,
      message,
      ...(span === undefined ? {} : { span }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** `text` in double quotes for a message: escaped, and cut when it is long. */
export function show(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 57).toWellFormed()}…` : text;
  return JSON.stringify(short).replaceAll(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
