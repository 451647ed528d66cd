/** The one place where text becomes shell source. */

/**
 * Quotes `text` as one word of POSIX shell source that stands for exactly that text.
 *
 * @throws {TypeError} when `text` holds a NUL character, which no shell word can.
 */
export function quote(text: string): string {
  if (text.includes("\0")) {
    throw new TypeError("Cannot quote for a shell: the text has a NUL character");
  }
  if (/^[A-Za-z0-9_./:=@%+,-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A line of shell source that runs `argv`. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quote).join(" ");
}
