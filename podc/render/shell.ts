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
  // Both forms are literal. The second keeps readers and linters from taking "$" for a forgotten expansion.
  return /['$`]/.test(text) ? `"${text.replace(/["$`\\]/g, "\\$&")}"` : `'${text}'`;
}

/** A line of shell source that runs `argv`. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quote).join(" ");
}

/** A line of shell source that sets `name` to exactly `text`. */
export function assign(name: string, text: string): string {
  return `${name}=${text === "" ? "''" : quote(text)}`;
}

/** Shell source of a function. `comment` says what it is for, on its first line. */
export function shellFunction(name: string, comment: string, body: readonly string[]): string {
  return [
    comment === "" ? `${name}() {` : `${name}() { # ${asComment(comment)}`,
    ...body.map((line) => `  ${line}`),
    "}",
  ].join("\n");
}

/** `text` made fit for one line of comment. */
export function asComment(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

/** Shell source of a function that prints `text`, which is to end with a line end. */
export function printer(name: string, text: string): string {
  const lines = text.split("\n");
  let end = "EOF";
  while (lines.some((line) => line.startsWith(end))) end += "_";
  return `${name}() {\n  cat <<'${end}'\n${text.trimEnd()}\n${end}\n}`;
}
