/** Messages for the person at the terminal, on stderr; data never goes through here. */

export type Level = "error" | "warn" | "ok" | "info" | "debug";

/** Where commands leave their messages. */
export interface Log {
  error(text: string): void;
  warn(text: string): void;
  ok(text: string): void;
  info(text: string): void;
  debug(text: string): void;
}

const LEVELS: Readonly<Record<Level, { rank: number; label: string; colour: string }>> = {
  error: { rank: 1, label: "[ERROR]", colour: "31" },
  warn: { rank: 2, label: "[WARN] ", colour: "33" },
  ok: { rank: 3, label: "[OK]   ", colour: "32" },
  info: { rank: 4, label: "[INFO] ", colour: "36" },
  debug: { rank: 5, label: "[DEBUG]", colour: "90" },
};

/**
 * The line of a message; further lines of `text` are indented to stand below the first.
 *
 * @param colours whether the label is coloured
 */
export function formatMessage(level: Level, text: string, colours = false): string {
  const { label, colour } = LEVELS[level];
  const shown = colours ? `\x1b[${colour}m${label}\x1b[0m` : label;
  return `${shown} ${text.replaceAll("\n", "\n        ")}\n`;
}

/**
 * A log that writes to `write`.
 *
 * @param threshold highest rank shown, 1 (errors) to 5 (debug); default 4
 */
export function createLog(
  write: (text: string) => void,
  options: { threshold?: number; colours?: boolean } = {},
): Log {
  const { threshold = LEVELS.info.rank, colours = false } = options;
  const at = (level: Level) => (text: string) => {
    if (LEVELS[level].rank <= threshold) write(formatMessage(level, text, colours));
  };
  return {
    error: at("error"),
    warn: at("warn"),
    ok: at("ok"),
    info: at("info"),
    debug: at("debug"),
  };
}

/** The threshold that the text of SPACE_LOG_LEVEL asks for; `undefined` when it is no level. */
export function parseLogLevel(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-5]$/.test(text) ? Number(text) : undefined;
}
