/** The daemon's log: one line per message on stderr, as a journal likes it. */

/** In order of rising verbosity; the number is the SPACE_LOG_LEVEL from which it is shown. */
const LEVELS = { ERROR: 1, WARN: 2, OK: 3, INFO: 4, DEBUG: 5 } as const;
export type LogLevel = keyof typeof LEVELS;

/** SPACE_LOG_LEVEL of the daemon itself when the variable is unset. */
export const DEFAULT_LOG_LEVEL = 4;

export type Log = (level: LogLevel, message: string) => void;

/** How lines look, beside their text. */
export interface LogStyle {
  /** For a journal: a priority in front that it takes away, no time, as it notes that itself. */
  readonly journal?: boolean;
  /** What the lines are about when several processes write into one log. */
  readonly label?: string;
  /** Time in front of each line; ignored for a journal. */
  readonly now?: () => Date;
}

/** The priorities of syslog(3). */
const PRIORITY = { ERROR: 3, WARN: 4, OK: 6, INFO: 6, DEBUG: 7 } as const;

/**
 * @param threshold 0 (nothing) to 5 (everything)
 * @param write gets one whole line at a time, with its line break
 */
export function createLog(
  threshold: number,
  write: (line: string) => void,
  { journal = false, label, now }: LogStyle = {},
): Log {
  return (level, message) => {
    if (LEVELS[level] > threshold) return;
    const time = now ? `${now().toISOString().slice(0, 19)}Z ` : "";
    const front = journal ? `<${PRIORITY[level]}>` : time;
    write(front + formatLine(level, label === undefined ? message : `${label}: ${message}`));
  };
}

/** One line; whatever is no plain character in `message` is shown escaped, so that nobody fakes a line. */
export function formatLine(level: LogLevel, message: string): string {
  return `${`[${level}]`.padEnd(7)} ${plainText(message)}\n`;
}

/** `text` with control characters shown escaped, as it is safe on a terminal. */
export function plainText(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g,
    (char) => char === "\t" ? " " : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/**
 * Whether the journal reads what `file` is written to.
 *
 * @param journalStream JOURNAL_STREAM, which systemd sets to the device and inode of its socket
 */
export function isJournal(
  journalStream: string | undefined,
  file: { readonly dev: number; readonly ino: number | null },
): boolean {
  return journalStream !== undefined && journalStream === `${file.dev}:${file.ino}`;
}

/** Reads SPACE_LOG_LEVEL; anything but 0 to 5 counts as unset. */
export function parseLogLevel(text: string | undefined): number {
  return text !== undefined && /^[0-5]$/.test(text) ? Number(text) : DEFAULT_LOG_LEVEL;
}

/** Logs a lasting problem once: again only when its text changes, or it went away in between. */
export class ProblemLog {
  readonly #known = new Map<string, string>();

  constructor(readonly log: Log) {}

  /** Reports that `key` (a path, a task) has this problem now. */
  report(key: string, message: string, level: LogLevel = "WARN"): void {
    if (this.#known.get(key) === message) return;
    this.#known.set(key, message);
    this.log(level, message);
  }

  /** Reports that `key` has no problem now. */
  clear(key: string): void {
    this.#known.delete(key);
  }
}
