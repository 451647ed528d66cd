/** The lines that switch parts of pod.yaml on and off. */
import type { Span } from "./span.ts";

export type Condition = "ifdef" | "ifndef" | "iftrue" | "ifntrue";

/** What one line is to the preprocessor. */
export type Line =
  | { readonly kind: "text" }
  | { readonly kind: "if"; readonly condition: Condition; readonly argument: string }
  | { readonly kind: "else" | "endif" }
  | {
    readonly kind: "malformed";
    /** What the line was meant to be. */
    readonly meant: "if" | "else" | "endif";
    readonly word: string;
    readonly span: Span;
    readonly message: string;
    readonly hint: string;
  };

const WORDS = "ifdef|ifndef|iftrue|ifntrue|else|endif";
const DIRECTIVE = new RegExp(`^([ \\t]*)#(${WORDS})(?![A-Za-z0-9_])(.*)$`, "s");

/**
 * Tells what `text`, one line without its line end, is. A `#` with one of the directive words right
 * behind it is meant as a directive: in any other than the exact form it is malformed. All other
 * lines, `# else` and `#ifdefined` among them, are text.
 *
 * @param offset where the line begins in its file
 */
export function readLine(text: string, offset: number): Line {
  const match = DIRECTIVE.exec(text);
  if (!match) return { kind: "text" };
  const [, indent, word, rest] = match as unknown as [string, string, string, string];
  const start = offset + indent.length;
  const malformed = (message: string, hint: string): Line => ({
    kind: "malformed",
    meant: word === "else" || word === "endif" ? word : "if",
    word,
    span: { start, end: offset + text.trimEnd().length },
    message,
    hint,
  });
  if (indent !== "") {
    return malformed(
      `#${word} must stand at the very start of its line`,
      "remove the blanks before it; for a comment, put a blank behind the #",
    );
  }
  const argument = rest.trim();
  if (word === "else" || word === "endif") {
    return argument === ""
      ? { kind: word }
      : malformed(`#${word} takes nothing behind it`, `for a comment, write "# ${word}"`);
  }
  const usage = `write #${word} \${NAME}; for a comment, put a blank behind the #`;
  if (argument === "") return malformed(`#${word} needs a variable`, usage);
  if (!/^[ \t]/.test(rest)) return malformed(`#${word} needs a blank before its variable`, usage);
  if (/\s/.test(argument)) return malformed(`#${word} takes one word`, usage);
  return { kind: "if", condition: word as Condition, argument };
}

/** Whether the lines behind a directive are kept, given its argument after substitution. */
export function holds(condition: Condition, value: string): boolean {
  switch (condition) {
    case "ifdef":
      return value !== "";
    case "ifndef":
      return value === "";
    case "iftrue":
      return value === "true";
    case "ifntrue":
      return value !== "true";
  }
}
