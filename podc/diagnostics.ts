/** The findings of all steps of a compilation, brought back to the user's file. */
import type { Finding } from "./source/finding.ts";
import type { Preprocessed } from "./source/preprocess.ts";
import { LineIndex, type Span } from "./source/span.ts";
import type { Diagnostic, Position } from "./spec/diagnostic.ts";

export class Diagnostics {
  readonly #all: Diagnostic[] = [];
  readonly #source: LineIndex;
  readonly #uncertainLines: ReadonlySet<number>;

  /**
   * @param source the user's text
   * @param file its name
   * @param preprocessed what became of it; its findings are the first
   */
  constructor(source: string, readonly file: string, readonly preprocessed: Preprocessed) {
    this.#source = new LineIndex(source);
    const lines = preprocessed.missing.map((span) => positionOf(span, this.#source).line);
    this.#uncertainLines = new Set(lines);
    for (const finding of preprocessed.findings) this.#add(finding, (span) => span);
  }

  /** Adds findings with places in the preprocessed text, unless they follow from a missing variable. */
  add(findings: readonly Finding[]): void {
    for (const finding of findings) {
      if (finding.span && this.#uncertainLines.has(this.lineOf(finding.span))) continue;
      this.#add(finding, (span) => this.preprocessed.map.toSource(span));
    }
  }

  /** The user's line that a place in the preprocessed text came from. */
  lineOf(span: Span): number {
    return positionOf(this.preprocessed.map.toSource(span), this.#source).line;
  }

  get hasErrors(): boolean {
    return this.#all.some((diagnostic) => diagnostic.severity === "error");
  }

  /** By position, those about the whole file first, each once. */
  sorted(): Diagnostic[] {
    const unique = new Map(this.#all.map((each) => [JSON.stringify(each), each]));
    const at = ({ position }: Diagnostic) => [position?.line ?? 0, position?.column ?? 0] as const;
    return [...unique.values()].sort((a, b) => at(a)[0] - at(b)[0] || at(a)[1] - at(b)[1]);
  }

  #add({ span, ...finding }: Finding, toSource: (span: Span) => Span): void {
    const position = span && positionOf(toSource(span), this.#source);
    this.#all.push({
      ...finding,
      file: this.file,
      ...(position === undefined ? {} : { position }),
    });
  }
}

/** What is missing at the end of a file is shown behind the last thing there; an underline stays on its line. */
function positionOf({ start, end }: Span, index: LineIndex): Position {
  const { text } = index;
  const from = start < text.length ? start : text.trimEnd().length;
  const newline = text.indexOf("\n", from);
  const to = Math.min(end, newline < 0 ? text.length : newline);
  return { ...index.place(from), length: Math.max(1, to - from) };
}
