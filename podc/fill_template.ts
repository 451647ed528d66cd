/** Texts other than pod.yaml that know the same variables and directives. */
import { Diagnostics } from "./diagnostics.ts";
import { preprocess } from "./source/preprocess.ts";
import type { Diagnostic } from "./spec/diagnostic.ts";

/** A template with its values. */
export interface Filled {
  readonly text: string;
  /** All errors and warnings, by position in the template. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Takes out the lines of `source` that directives switch off, then puts the values of `${NAME}` in,
 * literally. A variable without a value is an error.
 *
 * @param file the template's name in diagnostics
 */
export function fillTemplate(
  source: string,
  file: string,
  variables: ReadonlyMap<string, string>,
): Filled {
  const preprocessed = preprocess(source, variables);
  const diagnostics = new Diagnostics(source, file, preprocessed).sorted();
  return { text: preprocessed.text, diagnostics };
}
