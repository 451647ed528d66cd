/** The daemon's log: one line per message on stderr, as a journal likes it. */

/** In order of rising verbosity; the number is the SPACE_LOG_LEVEL from which it is shown. */
const LEVELS = { ERROR: 1, WARN: 2, OK: 3, INFO: 4, DEBUG: 5 } as const;
export type LogLevel = keyof typeof LEVELS;

/** SPACE_LOG_LEVEL of the daemon itself when the variable is unset. */
export const DEFAULT_LOG_LEVEL = 4;

export type Log = (level: LogLevel, message: string) => void;

/**
 * @param threshold 0 (nothing) to 5 (everything)
 * @param write gets one whole line at a time, with its line break
 */
export function createLog(threshold: number, write: (line: string) => void): Log {
  return (level, message) => {
    if (LEVELS[level] <= threshold) write(formatLine(level, message));
  };
}

/** One line; whatever is no plain character in `message` is shown escaped, so that nobody fakes a line. */
export function formatLine(level: LogLevel, message: string): string {
  const safe = message.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g,
    (char) => char === "\t" ? " " : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `${`[${level}]`.padEnd(7)} ${safe}\n`;
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
