/** A line of somebody's file, made fit for a terminal. */

/** Widest part of a line that is shown, in UTF-16 units. */
const MAX_SHOWN = 160;
/** How much of it stands before the place that matters. */
const CONTEXT = 60;

const INVISIBLE = /^[\p{M}\u200b-\u200d\ufe00-\ufe0f]$/u;
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])$/u;

/** How many columns of a terminal `text` takes, a tab counted as one. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    width += INVISIBLE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** `text` with a mark in the place of each control character but the tab. */
export function printable(text: string): string {
  return text.replaceAll(/(?!\t)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/**
 * The part of a long line that is worth showing.
 *
 * @param start 0-based column of what matters, `length` units long
 * @returns the part, and the column in it that `start` has become
 */
export function excerpt(
  text: string,
  start: number,
  length: number,
): { readonly text: string; readonly column: number } {
  if (text.length <= MAX_SHOWN) return { text, column: start };
  const last = Math.max(0, text.length - MAX_SHOWN);
  const from = Math.min(last, length >= MAX_SHOWN ? start : Math.max(0, start - CONTEXT));
  const to = from + MAX_SHOWN;
  const prefix = from > 0 ? "…" : "";
  const suffix = to < text.length ? "…" : "";
  return {
    text: `${prefix}${text.slice(from, to).toWellFormed()}${suffix}`,
    column: start - from + prefix.length,
  };
}
