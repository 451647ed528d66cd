/** What the programs that print logs on hosts send; `remote/log_lines.sh` says how. */

/** A line of a log, or something about one. */
export type LogEvent =
  | {
    readonly kind: "line";
    /** Unix seconds and nanoseconds, 20 characters that sort as texts do. */
    readonly time: string;
    readonly source: number;
    readonly text: string;
  }
  | { readonly kind: "live" }
  | { readonly kind: "note" | "fail"; readonly source: number; readonly text: string };

/** Bytes of a line that are kept; what is longer is cut. */
const MAX_LINE = 1024 * 1024;

/** Takes bytes as they come, gives events. */
export class LogWire {
  /** Pieces of the line that has not ended. */
  #open: Uint8Array[] = [];
  #length = 0;

  /** The events of the lines that end in `bytes`. */
  push(bytes: Uint8Array): LogEvent[] {
    const events: LogEvent[] = [];
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      this.#keep(bytes.subarray(at, end));
      const event = parseLogEvent(this.#take());
      if (event !== undefined) events.push(event);
      at = end + 1;
    }
    // A copy: whoever handed the bytes over may use their memory again.
    this.#keep(bytes.slice(at));
    return events;
  }

  #keep(piece: Uint8Array): void {
    const room = MAX_LINE - this.#length;
    if (piece.length === 0 || room <= 0) return;
    this.#open.push(piece.subarray(0, room));
    this.#length += Math.min(piece.length, room);
  }

  #take(): string {
    const decoder = new TextDecoder();
    const text = this.#open.map((piece) => decoder.decode(piece, { stream: true })).join("") +
      decoder.decode();
    this.#open = [];
    this.#length = 0;
    return text;
  }
}

/** Reads one line; `undefined` when it is none of the forms, as the rest of one that was cut off. */
export function parseLogEvent(line: string): LogEvent | undefined {
  if (line === "live") return { kind: "live" };
  const match = /^(note|fail|\d{10}\.\d{9}) (\d+) (.*)$/s.exec(line);
  if (match === null) return undefined;
  const [, head, source, text] = match as unknown as [string, string, string, string];
  const rest = { source: Number(source), text };
  return head === "note" || head === "fail"
    ? { kind: head, ...rest }
    : { kind: "line", time: head, ...rest };
}
