/** How the user wants to be told: environment variables of the program, the same in all its threads. */
import { createLog, formatEvent, jsonFormat, type Log, parseLevel } from "./log.ts";

const wanted = () => ({
  level: Deno.env.get("LOG_LEVEL") || "info",
  format: Deno.env.get("LOG_FORMAT") || "text",
});

/** A log on stderr, as the environment variables LOG_LEVEL and LOG_FORMAT want it. */
export function logOfEnvironment(): Log {
  const { level, format } = wanted();
  const write = (text: string) => console.error(text);
  const makeLine = format === "json" ? jsonFormat() : formatEvent;
  return createLog(parseLevel(level) ?? "info", write, undefined, makeLine);
}

/** Says which of these variables is wrong. */
export function warnOfEnvironment(log: Log): void {
  const { level, format } = wanted();
  if (!parseLevel(level)) {
    log.warn("LOG_LEVEL is none of debug, info, warn, error", { LOG_LEVEL: level });
  }
  if (!["text", "json"].includes(format)) {
    log.warn("LOG_FORMAT is none of text, json", { LOG_FORMAT: format });
  }
}
