/** What the system's daemon says about itself and its homes. */
import { join } from "node:path/posix";
import { isNumber, isRecord, parseJson } from "../status/report.ts";
import type { ServedHome } from "./homes.ts";

export interface SystemReport {
  readonly pid: number;
  /** When it started, in ticks since the boot. */
  readonly startTick: number;
  readonly version: string;
  readonly homes: readonly ServedHome[];
}

/** Where the system's daemon keeps what others may read, unless SIMPLENETESD_RUN_DIR says otherwise. */
export const RUN_DIR = "/run/simplenetesd";

export function systemPaths(runDir: string): { readonly lock: string; readonly report: string } {
  return { lock: join(runDir, "lock"), report: join(runDir, "homes.json") };
}

/** Reads what the daemon wrote; `undefined` when it is no report. */
export function parseSystemReport(text: string): SystemReport | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { pid, startTick, version, homes } = value;
  if (!isNumber(pid) || !isNumber(startTick) || typeof version !== "string") return undefined;
  if (!Array.isArray(homes) || !homes.every(isServedHome)) return undefined;
  return { pid, startTick, version, homes };
}

/** Root alone writes the file: it is read as it was written, when its parts are there at all. */
function isServedHome(value: unknown): value is ServedHome {
  return isRecord(value) && typeof value.home === "string" && typeof value.user === "string" &&
    isNumber(value.uid) && isNumber(value.gid) && typeof value.phase === "string" &&
    isNumber(value.pods) &&
    isNumber(value.failures);
}
