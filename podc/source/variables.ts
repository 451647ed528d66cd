/** `${NAME}` in pod.yaml: the only form in which variables are known. */
import type { Span } from "./span.ts";

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** One use of a variable. */
export interface VariableUse {
  readonly name: string;
  /** The whole of `${NAME}`. */
  readonly span: Span;
}

/** All uses of variables in `text` between two offsets, in order. */
export function usesOfVariables(text: string, { start, end }: Span): VariableUse[] {
  return [...text.slice(start, end).matchAll(VARIABLE)].map((match) => ({
    name: match[1]!,
    span: { start: start + match.index, end: start + match.index + match[0].length },
  }));
}

/** The names of all variables in `source`, comments and directives included, sorted, each once. */
export function variablesIn(source: string): string[] {
  const uses = usesOfVariables(source, { start: 0, end: source.length });
  return [...new Set(uses.map((use) => use.name))].sort();
}

/** `text` with the values put in literally; unknown variables count as empty. */
export function substitute(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(VARIABLE, (_, name: string) => variables.get(name) ?? "");
}

/**
 * The pod's version as pod.yaml gives it: the value of the first line that begins with
 * `podVersion:`, without quotes and comment, before anything is substituted in it.
 *
 * @returns `undefined` when there is no such line or its value is empty.
 */
export function readPodVersion(source: string): string | undefined {
  const match = /^\uFEFF?podVersion:(.*)$/m.exec(source.replaceAll("\r\n", "\n"));
  if (!match) return undefined;
  const value = match[1]!.replace(/(^|\s)#.*$/, "").trim().replace(/^(["'])(.*)\1$/, "$2");
  return value === "" ? undefined : value;
}
