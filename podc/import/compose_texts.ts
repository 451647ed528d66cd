/** Interpolation in compose files: `$NAME`, `${NAME}`, `${NAME:-default}`, `$$`. */
import { Template, type Value } from "./draft.ts";

const USE =
  /\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])((?:[^${}]|\$\$)*))?\})/g;

/**
 * A text of a compose file: `${NAME}` stays a variable, of pod.env; a default is taken, with a
 * remark, because pod.yaml has none.
 */
export function composeText(text: string, notes: string[]): Value {
  let hasVariables = false;
  const parts: string[] = [];
  let at = 0;
  for (const match of text.matchAll(USE)) {
    const [whole, dollar, plain, name, operator, operand] = match;
    parts.push(text.slice(at, match.index));
    at = match.index + whole.length;
    if (dollar) parts.push("$");
    else if (operator?.endsWith("-")) {
      notes.push(
        `${name} has the default "${operand}" in compose; it is written here as its value.`,
      );
      parts.push(operand!);
    } else {
      hasVariables = true;
      parts.push(`\${${plain ?? name}}`);
      if (operator) notes.push(`${whole} became a variable without its ${operator}.`);
    }
  }
  const result = parts.join("") + text.slice(at);
  return hasVariables ? new Template(result) : result;
}

/** The same where a plain text is needed: variables keep their form. */
export function composePlain(text: string, notes: string[]): string {
  const value = composeText(text, notes);
  return value instanceof Template ? value.text : String(value);
}
