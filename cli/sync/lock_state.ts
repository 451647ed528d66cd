/** What is known of the lock of a host. Nothing here does I/O. */
import { parseEnvFile } from "../../podc/mod.ts";

export interface LockState {
  /** Number of the last lock. */
  readonly fence: number;
  /** What lock-token.txt holds; empty when nobody has the lock. */
  readonly token: string;
  /** Absent when a program holds it that knows only lock-token.txt. */
  readonly owner?: string;
  readonly machine?: string;
  /** Unix seconds. */
  readonly since: number;
  /** Unix seconds from which on others take it over. */
  readonly expires: number;
  /** The host's clock, unix seconds. */
  readonly now: number;
}

/** Seconds that a lock of an older program outlives its last heartbeat. */
const OLD_LOCK_SECONDS = 10;

/** Reads what show_lock.sh prints. */
export function parseLockState(text: string): LockState {
  const values = parseEnvFile(text);
  const number = (key: string) => Number(values.get(key) ?? 0);
  const token = values.get("file") ?? "";
  const base = { fence: number("fence"), token, now: number("now") };
  if (token !== "" && token !== values.get("token")) {
    const touched = number("touched");
    return { ...base, since: touched, expires: touched + OLD_LOCK_SECONDS };
  }
  return {
    ...base,
    owner: values.get("owner") ?? "",
    machine: values.get("machine") ?? "",
    since: number("since"),
    expires: number("expires"),
  };
}

/** Who holds a lock and until when, in a sentence. */
export function describeLock(lock: LockState): string {
  const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
  const who = lock.owner === undefined
    ? "a sync of an older program"
    : `${lock.owner} on ${lock.machine}`;
  const left = lock.expires - lock.now;
  const end = left > 0 ? `expires in ${left} s` : `expired ${-left} s ago`;
  return `locked by ${who} since ${time(lock.since)} (token ${lock.token}, ${end})`;
}
