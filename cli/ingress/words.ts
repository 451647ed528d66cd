/** Texts as words of haproxy.cfg. */

/**
 * `text` as one word that HAProxy takes literally.
 *
 * @throws when it has a line end or another control character, which no word can have
 */
export function word(text: string): string {
  if (/\p{Cc}/u.test(text)) {
    throw new Error(`No word of haproxy.cfg can be ${JSON.stringify(text)}`);
  }
  if (/^[A-Za-z0-9_./:*@%+,=~?&;!()-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Patterns of a condition: one that begins with a dash would be taken for an option. */
export function patterns(...texts: readonly string[]): string {
  const words = texts.map(word).join(" ");
  return texts.some((text) => text.startsWith("-")) ? `-- ${words}` : words;
}

/** `text` where HAProxy looks for `%…` in a word. */
export function literalFormat(text: string): string {
  return word(text.replaceAll("%", "%%"));
}
