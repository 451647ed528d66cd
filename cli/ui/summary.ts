/** What became of each host of a command that works on several. */

export interface HostOutcome {
  readonly host: string;
  readonly result: "done" | "unchanged" | "failed" | "skipped";
  /** What happened, or why it failed. */
  readonly text: string;
}

/** The lines of a summary, a host each, in the order given. */
export function formatSummary(outcomes: readonly HostOutcome[]): string {
  const width = Math.max(0, ...outcomes.map(({ host }) => host.length));
  return outcomes.map(({ host, result, text }) =>
    `${host.padEnd(width)}  ${result.padEnd(9)}  ${text}`.trimEnd()
  ).join("\n");
}

/** The worst exit code of the hosts: 0 only when none failed or was left out. */
export function exitCodeOf(outcomes: readonly HostOutcome[]): number {
  return outcomes.some(({ result }) => result === "failed" || result === "skipped") ? 1 : 0;
}
