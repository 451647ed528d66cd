/** One line per event on stderr: `[WARN]  what key=value …`. The same event is not repeated at will. */

/** From the most to the least talkative. */
export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = typeof LEVELS[number];

/** Details of an event, written in the order given; `undefined` ones are left out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where events go. */
export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** A warning that may come with every connection: at most one per `event` in a while, with the number left out. */
  often(event: string, fields?: Fields): void;
}

/** How long an event given to {@link Log.often} stays silent after it was written, in milliseconds. */
export const OFTEN_MS = 10_000;

const TAGS: Record<Level, string> = {
  debug: "[DEBUG]",
  info: "[INFO] ",
  warn: "[WARN] ",
  error: "[ERROR]",
};

/** The line of one event, without its end. */
export function formatEvent(level: Level, event: string, fields: Fields = {}): string {
  let line = `${TAGS[level]} ${event}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const text = String(value);
    line += ` ${key}=${/^[\w.:,\-+/\[\]@%]+$/.test(text) ? text : JSON.stringify(text)}`;
  }
  return line;
}

/** The level that the environment variable LOG_LEVEL names; `undefined` when it names none. */
export function parseLevel(text: string): Level | undefined {
  return LEVELS.find((level) => level === text.toLowerCase());
}

/**
 * @param lowest Events below it are dropped.
 * @param write Takes one line, without its end.
 * @param now Milliseconds of any clock.
 */
export function createLog(
  lowest: Level,
  write: (line: string) => void,
  now: () => number = () => performance.now(),
): Log {
  const quiet = new Map<string, { until: number; dropped: number }>();
  const log = (level: Level) => (event: string, fields?: Fields) => {
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(lowest)) write(formatEvent(level, event, fields));
  };
  const warn = log("warn");
  return {
    debug: log("debug"),
    info: log("info"),
    warn,
    error: log("error"),
    often(event, fields) {
      const last = quiet.get(event);
      if (last && now() < last.until) {
        last.dropped++;
        return;
      }
      warn(event, { ...fields, more: last?.dropped || undefined });
      quiet.set(event, { until: now() + OFTEN_MS, dropped: 0 });
    },
  };
}
