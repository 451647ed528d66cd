/** Logs of several hosts as one. */

/** What one pod printed: lines that begin with unix seconds, in order. */
export interface HostLog {
  readonly label: string;
  readonly text: string;
}

const TIME = /^([0-9]+)(?: |$)/;

interface Line {
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
 * The lines of all logs by time, each behind the label of its host. Lines of one host keep their
 * order; one without a time stays with the line before it.
 */
export function mergeLogs(logs: readonly HostLog[], options: MergeOptions = {}): string {
  const { limit = 0, hideTime = false } = options;
  const width = Math.max(0, ...logs.map(({ label }) => label.length));
  const lines = logs.flatMap(readLines).sort((a, b) => a.time - b.time);
  const shown = limit === 0 ? lines : limit > 0 ? lines.slice(0, limit) : lines.slice(limit);
  const content = (text: string) => hideTime ? text.replace(TIME, "") : text;
  return shown.map(({ label, text }) => `${label.padEnd(width)}  ${content(text)}\n`).join("");
}

function readLines({ label, text }: HostLog): Line[] {
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
