/** How the user wants to be told: environment variables of the program, the same in all its threads. */
import { createLog, type Log, parseLevel } from "./log.ts";

/** A log on stderr, as LOG_LEVEL wants it: debug, info (the default), warn or error. */
export function logFromEnvironment(): Log {
  return createLog(parseLevel(wantedLevel()) ?? "info", (line) => console.error(line));
}

/** What is wrong with the environment variables; `undefined` when nothing is. */
export function logProblem(): string | undefined {
  const wanted = wantedLevel();
  return parseLevel(wanted)
    ? undefined
    : `LOG_LEVEL is "${wanted}", none of debug, info, warn, error`;
}

function wantedLevel(): string {
  return Deno.env.get("LOG_LEVEL") || "info";
}
