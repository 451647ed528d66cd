/** Text tables. */

/**
 * Rows as aligned columns, two blanks apart, without trailing blanks; a line each.
 *
 * @param head column titles; none when absent
 */
export function formatTable(rows: readonly (readonly string[])[], head?: readonly string[]) {
  const all = head === undefined ? rows : [head, ...rows];
  const widths: number[] = [];
  for (const row of all) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, [...cell].length));
  }
  const line = (row: readonly string[]) =>
    row.map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - [...cell].length)).join("  ")
      .trimEnd() + "\n";
  return all.map(line).join("");
}

/** `value` as the JSON that `--json` prints: two blanks of indentation, one newline at the end. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}
