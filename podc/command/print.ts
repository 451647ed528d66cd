/** How podc's messages look on a terminal. */
import type { Surroundings } from "./build.ts";

/** Lowest SPACE_LOG_LEVEL that shows a message, and what stands before it. */
const LEVELS = {
  error: { level: 1, label: "[ERROR] " },
  warning: { level: 2, label: "[WARN]  " },
  ok: { level: 3, label: "[OK]    " },
} as const;

/**
 * Prints messages with their label. Diagnostics, which begin with `file:line:column:`, get none, so
 * that editors and terminals find the place.
 *
 * @param logLevel 0 (silent) to 5, as in compiled pods; 4 unless it is such a number
 */
export function printer(
  write: (text: string) => void,
  logLevel: string | undefined,
): Surroundings["print"] {
  const shown = /^[0-5]$/.test(logLevel ?? "") ? Number(logLevel) : 4;
  return (severity, text, kind) => {
    const { level, label } = LEVELS[severity];
    if (level > shown) return;
    write(`${kind === "diagnostic" ? "" : label}${text}\n`);
  };
}
