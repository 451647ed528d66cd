/** A finding about a source file, as data; `formatDiagnostic` is the only place that prints one. */
import { displayWidth, excerpt, printable } from "./source_line.ts";

export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
  /** What to try, when there is something to say. */
  readonly hint?: string;
  readonly file: string;
  /** 1-based position in the file as the user wrote it; absent when it concerns the whole file. */
  readonly position?: Position;
}

/** Columns and lengths count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
  /** How many characters the caret line underlines; 1 when not known. */
  readonly length: number;
}

/**
 * The text of a diagnostic: `file:line:column: error: message`, the source line, a caret line and
 * the hint. Of a very long line only the part around the place is shown, and nothing in it reaches
 * the terminal as a control sequence.
 *
 * @param source the whole text of the file, for the source line
 */
export function formatDiagnostic(diagnostic: Diagnostic, source: string): string {
  const { file, position, severity, message, hint } = diagnostic;
  const place = position ? `${file}:${position.line}:${position.column}` : file;
  const lines = [`${place}: ${severity}: ${message}`];
  const text = position && source.split(/\r?\n/)[position.line - 1];
  if (position && text !== undefined) {
    const shown = excerpt(text, position.column - 1, position.length);
    const marked = text.slice(position.column - 1, position.column - 1 + position.length);
    const before = shown.text.slice(0, shown.column).replace(/[^\t]/gu, blanks);
    const room = displayWidth(shown.text) - displayWidth(shown.text.slice(0, shown.column));
    const width = Math.max(1, Math.min(displayWidth(marked), room));
    lines.push(`    ${printable(shown.text)}`, `    ${before}${"^".repeat(width)}`);
  }
  if (hint !== undefined) lines.push(`    hint: ${hint}`);
  return lines.join("\n");
}

function blanks(character: string): string {
  return " ".repeat(displayWidth(character));
}
