/** Variables and directives of pod.yaml: plain text in, plain text and the way back out. */
import { holds, readLine } from "./directive.ts";
import type { Finding } from "./finding.ts";
import { LineIndex, type Span } from "./span.ts";
import { TextBuilder, type TextMap } from "./text_map.ts";
import { substitute, usesOfVariables, type VariableUse } from "./variables.ts";

export interface Preprocessed {
  readonly text: string;
  /** From offsets in `text` to offsets in the source. */
  readonly map: TextMap;
  /** With places in the source. */
  readonly findings: readonly Finding[];
  /** Uses of variables that are errors: what is found beside them is their consequence. */
  readonly missing: readonly Span[];
}

/**
 * Takes out the lines that directives switch off, then puts the variables' values in, letter by
 * letter and once: what looks like a variable in a value stays as it is.
 *
 * @param undefinedVariables what a variable without a value is in the lines that are kept: an
 *   error, or empty with a warning. In a directive it is always empty.
 */
export function preprocess(
  source: string,
  variables: ReadonlyMap<string, string>,
  undefinedVariables: "error" | "empty" = "error",
): Preprocessed {
  const { kept, findings } = selectLines(source, variables);
  const builder = new TextBuilder(source);
  const missing: VariableUse[] = [];
  for (const line of kept) {
    let from = line.start;
    for (const use of usesOfVariables(source, line)) {
      const value = variables.get(use.name);
      if (value === undefined) missing.push(use);
      builder.copy({ start: from, end: use.span.start });
      builder.replace(use.span, value ?? "");
      from = use.span.end;
    }
    builder.copy({ start: from, end: line.end });
  }
  findings.push(...undefinedFindings(source, missing, undefinedVariables));
  const errors = undefinedVariables === "error" ? missing.map((use) => use.span) : [];
  return { ...builder.finish(), findings, missing: errors };
}

interface OpenBlock {
  readonly word: string;
  readonly span: Span;
  readonly parentKept: boolean;
  readonly condition: boolean;
  elseAt?: Span;
}

/** The lines to keep, line ends included, and what is wrong with the directives. */
function selectLines(source: string, variables: ReadonlyMap<string, string>) {
  const index = new LineIndex(source);
  const kept: Span[] = [];
  const findings: Finding[] = [];
  const open: OpenBlock[] = [];
  const error = (span: Span, message: string, hint?: string) =>
    findings.push({ severity: "error", span, message, ...(hint === undefined ? {} : { hint }) });
  let keep = true;
  for (const { whole, text } of linesOf(source)) {
    const line = readLine(text, whole.start);
    const span = { start: whole.start, end: whole.start + text.trimEnd().length };
    const block = open.at(-1);
    if (line.kind === "text") {
      if (keep) kept.push(whole);
    } else if (line.kind === "malformed") {
      error(line.span, line.message, line.hint);
      // One that was meant to open or close a block does so, to spare errors that only follow.
      if (line.meant === "if") {
        open.push({ word: line.word, span, parentKept: keep, condition: true });
      } else if (line.meant === "endif" && block) {
        keep = block.parentKept;
        open.pop();
      }
    } else if (line.kind === "if") {
      const condition = holds(line.condition, substitute(line.argument, variables));
      open.push({ word: line.condition, span, parentKept: keep, condition });
      keep &&= condition;
      findings.push(...constantCondition(line.condition, line.argument, span));
    } else if (!block) {
      error(span, `#${line.kind} without an #if… before it`);
    } else if (line.kind === "endif") {
      keep = block.parentKept;
      open.pop();
    } else if (block.elseAt) {
      const first = index.place(block.elseAt.start).line;
      error(span, `second #else of one block, the first is on line ${first}`);
    } else {
      block.elseAt = span;
      keep = block.parentKept && !block.condition;
    }
  }
  for (const block of open) {
    error(block.span, `#${block.word} is never closed`, "close it with a line #endif");
  }
  return { kept, findings };
}

/** A condition on a plain word never changes: most likely `${…}` was forgotten. */
function constantCondition(condition: string, argument: string, span: Span): Finding[] {
  if (argument.includes("${") || argument === "true" || argument === "false") return [];
  return [{
    severity: "warning",
    span,
    message: `#${condition} ${argument} tests the word "${argument}" itself, which never changes`,
    hint: `for the variable of that name write #${condition} \${${argument}}`,
  }];
}

/** One finding for each name, at its first use, with the lines of all others. */
function undefinedFindings(
  source: string,
  missing: readonly VariableUse[],
  undefinedVariables: "error" | "empty",
): Finding[] {
  const index = new LineIndex(source);
  const byName = Map.groupBy(missing, (use) => use.name);
  return [...byName].map(([name, uses]) => {
    const [first, ...others] = uses;
    const line = index.place(first!.span.start).line;
    const more = [...new Set(others.map((use) => index.place(use.span.start).line))]
      .filter((other) => other !== line);
    const where = more.length === 0
      ? ""
      : ` (used on line${more.length > 1 ? "s" : ""} ${listOf(more)} too)`;
    if (undefinedVariables === "empty") {
      const message = `variable ${name} has no value and is left empty${where}`;
      return { severity: "warning", span: first!.span, message };
    }
    return {
      severity: "error",
      span: first!.span,
      message: `variable ${name} has no value${where}`,
      hint: `give ${name} a value, or use it only between #ifdef \${${name}} and #endif`,
    };
  });
}

function listOf(numbers: readonly number[]): string {
  return numbers.length < 2
    ? numbers.join("")
    : `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}

/** The lines of `source`: `whole` with the line end, `text` without. */
function* linesOf(source: string): Generator<{ readonly whole: Span; readonly text: string }> {
  for (let start = 0; start < source.length;) {
    const newline = source.indexOf("\n", start);
    const end = newline < 0 ? source.length : newline + 1;
    yield { whole: { start, end }, text: source.slice(start, end).replace(/\r?\n$/, "") };
    start = end;
  }
}
