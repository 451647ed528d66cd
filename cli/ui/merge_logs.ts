/** Logs of several hosts as one. */

/** What one pod printed: lines that begin with unix seconds, in order. */
export interface HostLog {
  readonly label: string;
  readonly text: string;
}

interface Line {
  readonly time: number;
  readonly label: string;
  readonly text: string;
}

/**
 * The lines of all logs by time, each behind the label of its host. Lines of one host keep their
 * order; one without a time stays with the line before it.
 *
 * @param limit 0 for all, n for the first n, -n for the last n lines
 */
export function mergeLogs(logs: readonly HostLog[], limit = 0): string {
  const width = Math.max(0, ...logs.map(({ label }) => label.length));
  const lines = logs.flatMap(readLines).sort((a, b) => a.time - b.time);
  const shown = limit === 0 ? lines : limit > 0 ? lines.slice(0, limit) : lines.slice(limit);
  return shown.map(({ label, text }) => `${label.padEnd(width)}  ${text}\n`).join("");
}

function readLines({ label, text }: HostLog): Line[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  let time = 0;
  return lines.map((line) => {
    const stamp = /^([0-9]+)(?: |$)/.exec(line);
    // Never back in time, so that sorting keeps the order of one host.
    if (stamp) time = Math.max(time, Number(stamp[1]));
    return { time, label, text: line };
  });
}
