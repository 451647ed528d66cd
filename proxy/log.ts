/**
 * One line per event: `[WARN]  what key=value …`, or a JSON object. The same event is not repeated at
 * will, and what was left out is told in the end.
 */

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
  /** To be called now and then: tells what was left out of events that did not come again. */
  sweep(): void;
}

/** Makes the line of one event, without its end. */
export type Format = (level: Level, event: string, fields?: Fields) => string;

/** How long an event given to {@link Log.often} stays silent after it was written, in milliseconds. */
export const OFTEN_MS = 10_000;
/** Events that {@link Log.often} remembers at a time. */
export const OFTEN_EVENTS = 200;

const TAGS: Record<Level, string> = {
  debug: "[DEBUG]",
  info: "[INFO] ",
  warn: "[WARN] ",
  error: "[ERROR]",
};

/** For people: `[WARN]  what key=value …`. */
export const formatEvent: Format = (level, event, fields = {}) => {
  let line = `${TAGS[level]} ${event}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const text = String(value);
    line += ` ${key}=${/^[\w.:,\-+/\[\]@%]+$/.test(text) ? text : JSON.stringify(text)}`;
  }
  return line;
};

/** For programs: an object with `ts` (UTC, ISO 8601), `level`, `event` and `fields`. */
export function jsonFormat(now: () => Date = () => new Date()): Format {
  return (level, event, fields = {}) =>
    JSON.stringify({ ts: now().toISOString(), level, event, fields });
}

/** The level that the environment variable LOG_LEVEL names; `undefined` when it names none. */
export function parseLevel(text: string): Level | undefined {
  return LEVELS.find((level) => level === text.toLowerCase());
}

/**
 * @param lowest Events below it are dropped.
 * @param write Takes one line, without its end.
 * @param now Milliseconds of any clock.
 * @param format Makes the lines.
 */
export function createLog(
  lowest: Level,
  write: (line: string) => void,
  now: () => number = () => performance.now(),
  format: Format = formatEvent,
): Log {
  const quiet = new Map<string, { until: number; dropped: number; last?: Fields | undefined }>();
  const log = (level: Level) => (event: string, fields?: Fields) => {
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(lowest)) write(format(level, event, fields));
  };
  const warn = log("warn");
  /** Forgets an event, and tells what was left out of it. Returns whether there was something to tell. */
  const tell = (event: string): boolean => {
    const { dropped = 0, last } = quiet.get(event) ?? {};
    quiet.delete(event);
    if (dropped > 0) warn(event, { ...last, more: dropped - 1 || undefined });
    return dropped > 0;
  };
  const silence = (event: string) => quiet.set(event, { until: now() + OFTEN_MS, dropped: 0 });
  return {
    debug: log("debug"),
    info: log("info"),
    warn,
    error: log("error"),
    often(event, fields) {
      const last = quiet.get(event);
      if (last && now() < last.until) {
        last.dropped++;
        last.last = fields;
        return;
      }
      warn(event, { ...fields, more: last?.dropped || undefined });
      quiet.delete(event);
      // The oldest stands first.
      const [oldest] = quiet.keys();
      if (quiet.size >= OFTEN_EVENTS && oldest !== undefined) tell(oldest);
      silence(event);
    },
    sweep() {
      for (const [event, { until }] of [...quiet]) {
        if (until <= now() && tell(event)) silence(event);
      }
    },
  };
}
