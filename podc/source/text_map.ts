/** Text put together from pieces of another, remembering where each piece came from. */
import { lastAtOrBefore, type Span } from "./span.ts";

interface Piece {
  /** The stretch of the source that this piece stands for. */
  readonly source: Span;
  /** Copied letter by letter; otherwise it replaces all of `source`. */
  readonly verbatim: boolean;
}

/** Leads from places in a derived text back to the source it was made from. */
export class TextMap {
  readonly #starts: readonly number[];
  readonly #pieces: readonly Piece[];

  constructor(starts: readonly number[], pieces: readonly Piece[], readonly sourceLength: number) {
    this.#starts = starts;
    this.#pieces = pieces;
  }

  /** The map of a text that was not changed at all. */
  static identity(length: number): TextMap {
    return new TextMap([0], [{ source: { start: 0, end: length }, verbatim: true }], length);
  }

  /**
   * The stretch of the source that `span` of the derived text came from. What lies inside an
   * inserted value leads to the whole of what it replaced.
   */
  toSource(span: Span): Span {
    const start = this.#locate(span.start).start;
    if (span.end <= span.start) return { start, end: start };
    return { start, end: Math.max(start, this.#locate(span.end - 1).end) };
  }

  /** The source stretch of the one character at `offset`. */
  #locate(offset: number): Span {
    const index = lastAtOrBefore(this.#starts, offset);
    const piece = this.#pieces[index];
    if (piece === undefined) return { start: this.sourceLength, end: this.sourceLength };
    if (!piece.verbatim) return piece.source;
    const start = Math.min(
      piece.source.start + Math.max(0, offset - this.#starts[index]!),
      piece.source.end,
    );
    return { start, end: Math.min(start + 1, piece.source.end) };
  }
}

/** Writes a derived text and its map side by side. */
export class TextBuilder {
  readonly #source: string;
  readonly #parts: string[] = [];
  readonly #starts: number[] = [];
  readonly #pieces: Piece[] = [];
  #length = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Appends `span` of the source as it is. */
  copy(span: Span): void {
    this.#append(this.#source.slice(span.start, span.end), { source: span, verbatim: true });
  }

  /** Appends `text` in the place of `span` of the source. */
  replace(span: Span, text: string): void {
    this.#append(text, { source: span, verbatim: false });
  }

  /** The text so far and its map. */
  finish(): { readonly text: string; readonly map: TextMap } {
    return {
      text: this.#parts.join(""),
      map: new TextMap(this.#starts, this.#pieces, this.#source.length),
    };
  }

  #append(text: string, piece: Piece): void {
    if (text === "") return;
    this.#starts.push(this.#length);
    this.#pieces.push(piece);
    this.#parts.push(text);
    this.#length += text.length;
  }
}
