/** log.txt of a cluster and of its pods: `YYYY-MM-DD HH:MM:SS <unixts> <user> <ACTION>`, appended. */

import { userInfo } from "node:os";

/** Who writes a log line, and when. */
export interface LogStamp {
  readonly now: Date;
  readonly user: string;
}

/** One line of a log file, in local time. */
export function formatLogLine(action: string, { now, user }: LogStamp): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  return `${date} ${time} ${unixSeconds(now)} ${user} ${action}\n`;
}

/** Appends a line to the log file `path`, making it when absent. */
export async function appendLog(path: string, action: string, stamp: LogStamp): Promise<void> {
  try {
    await Deno.writeTextFile(path, formatLogLine(action, stamp), { append: true });
  } catch (error) {
    throw new Error(`Cannot write "${action}" to ${path}`, { cause: error });
  }
}

/** `date` in whole seconds since 1970. */
export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** The user's name as logs show it: one word, also where the environment has none. */
export function userName(env: (name: string) => string | undefined): string {
  const name = env("USER") || env("LOGNAME") || systemUser();
  return name.replaceAll(/\s/g, "_");
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // Thrown for a user id that the system has no name for.
    return `uid-${Deno.uid()}`;
  }
}
