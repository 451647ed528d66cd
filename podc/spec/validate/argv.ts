/** Commands that are words, beginning with a program. */
import type { Reporter } from "../reporter.ts";
import type { Found } from "../schema/schema.ts";

/** The words of `found`, if there is something to run. Reports it when there is not. */
export function argvOf(
  found: Found<readonly string[]> | undefined,
  name: string,
  reporter: Reporter,
): readonly string[] | undefined {
  const words = found?.value;
  if (!words) return undefined;
  if (words.length === 0) reporter.error(found.at, `${name} has no words`);
  else if (words[0] === "") reporter.error(found.at, `the first word of ${name} is empty`);
  else return words;
  return undefined;
}
