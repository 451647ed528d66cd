/** The lines of pods' logs: read from what a pod prints, and written for people. No I/O here. */

/** A line that a pod printed. */
export interface PodLine {
  /** Unix seconds; 0 when the pod did not say. */
  readonly time: number;
  /** Name of the container, or of the pod for its supervisor; absent when only the text is known. */
  readonly name?: string;
  readonly stream?: string;
  readonly text: string;
}

/**
 * Reads what a pod printed: the JSON of `logs --json`, or the columns of `logs -d ts,…`, of which all but
 * the time stay in the text.
 *
 * @param time as it stands before the line
 */
export function parsePodLine(time: string, text: string): PodLine {
  const seconds = Number(time);
  if (text.startsWith('{"time":')) {
    const json = parseJson(text);
    if (json !== undefined) return { time: seconds, ...json };
  }
  return { time: seconds, text: text.replace(/^[0-9]+(?: |$)/, "") };
}

function parseJson(text: string): { name: string; stream: string; text: string } | undefined {
  let value: Partial<Record<"name" | "stream" | "text", unknown>>;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Cut off, or mixed up with another one: it is shown as it came.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const { name, stream, text: line } = value;
  if (typeof name !== "string" || typeof stream !== "string" || typeof line !== "string") {
    return undefined;
  }
  return { name, stream, text: line };
}

export const COLUMNS = ["ts", "name", "stream", "age", "none"] as const;

/**
 * A line for people.
 *
 * @param columns of `ts`, `age`, `name` and `stream`; anything else is none
 * @param now unix seconds, for `age`
 */
export function formatPodLine(line: PodLine, columns: readonly string[], now: number): string {
  const seconds = Math.floor(line.time);
  const values: Readonly<Record<string, string | undefined>> = {
    ts: String(seconds),
    age: String(now - seconds),
    name: line.name,
    stream: line.stream,
  };
  const head = columns.map((column) => values[column]).filter((value) => value !== undefined);
  return [...head, line.text].join(" ");
}
