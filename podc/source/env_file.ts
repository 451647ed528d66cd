/** pod.env: the values of variables, one `NAME=VALUE` per line. */

/**
 * Reads an env file. A value is the literal rest of its line: no quotes, comments or expansion.
 * The first line of a name counts; lines of any other form are passed over.
 */
export function parseEnvFile(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(line);
    if (match && !values.has(match[1]!)) values.set(match[1]!, match[2]!);
  }
  return values;
}
