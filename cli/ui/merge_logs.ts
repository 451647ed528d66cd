/** Logs of several hosts as one. */

/** What one pod printed: lines that begin with unix seconds, in order. */
export interface HostLog {
  readonly label: string;
  readonly text: string;
}

const TIME = /^([0-9]+)(?: |$)/;

/** One line of one host. */
export interface LogLine {
  /** Unix seconds; 0 when no line before it had a time. */
  readonly time: number;
  readonly label: string;
  readonly text: string;
}

export interface MergeOptions {
  /** 0 for all, n for the first n, -n for the last n lines. */
  readonly limit?: number;
  /** Leaves the time out, which was only there to merge by. */
  readonly hideTime?: boolean;
}

/**
 * The lines of all logs by time. Lines of one host keep their order; one without a time stays with
 * the line before it.
 */
export function mergeLines(logs: readonly HostLog[], options: MergeOptions = {}): LogLine[] {
  const { limit = 0, hideTime = false } = options;
  const lines = logs.flatMap(readLines).sort((a, b) => a.time - b.time);
  const shown = limit === 0 ? lines : limit > 0 ? lines.slice(0, limit) : lines.slice(limit);
  return hideTime ? shown.map((line) => ({ ...line, text: line.text.replace(TIME, "") })) : shown;
}

/** The merged lines as text, each behind the label of its host. */
export function mergeLogs(logs: readonly HostLog[], options: MergeOptions = {}): string {
  const width = Math.max(0, ...logs.map(({ label }) => label.length));
  return mergeLines(logs, options)
    .map(({ label, text }) =>
      `${label.padEnd(width)}  ${text}
`
    ).join("");
}

function readLines({ label, text }: HostLog): LogLine[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  let time = 0;
  return lines.map((line) => {
    const stamp = TIME.exec(line);
    // Never back in time, so that sorting keeps the order of one host.
    if (stamp) time = Math.max(time, Number(stamp[1]));
    return { time, label, text: line };
  });
}
