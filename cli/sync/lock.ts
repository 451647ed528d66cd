/** The lock that a sync holds on a host while it writes there. */
import type { Host } from "../../daemon/mod.ts";
import { parseEnvFile } from "../../podc/mod.ts";
import { UserError } from "../errors.ts";
import { REMOTE_EXIT, REMOTE_PROGRAMS } from "../remote/programs.ts";
import { parseObservation } from "./observe.ts";
import { pause } from "./pause.ts";
import type { ObservedHost } from "./state.ts";

/** Seconds that a lock outlives its last heartbeat. */
export const LOCK_SECONDS = 30;
/** Older programs take a lock over when it was not touched for 10 seconds. */
const HEARTBEAT_MS = 3_000;
const TIMEOUT_MS = 30_000;

/** Who takes a lock; free of newlines. */
export interface LockOwner {
  /** Number of this sync run, 1 to 65535, the same on all its hosts. */
  readonly token: string;
  readonly user: string;
  readonly machine: string;
}

/** A lock that is held on one host. */
export interface HeldLock {
  readonly host: Host;
  readonly home: string;
  readonly token: string;
  /** Counts the locks of the host; a writer with an old one is refused. */
  readonly fence: number;
}

/** A new token. `random` gives a number from 0 up to 1. */
export function newToken(random: () => number): string {
  return String(1 + Math.floor(random() * 65535));
}

/**
 * Takes the lock of a host.
 *
 * @throws {UserError} naming the holder when someone else has it
 */
export async function acquireLock(
  host: Host,
  home: string,
  owner: LockOwner,
  signal: AbortSignal,
): Promise<HeldLock> {
  return (await takeLock(REMOTE_PROGRAMS.lock, host, home, owner, 0, signal)).lock;
}

/**
 * Takes the lock of a host and looks at what it holds from then on, in one go.
 *
 * @param seenFence the fence that was observed there before
 * @throws {UserError} naming the holder when someone else has it
 */
export async function lockAndObserve(
  host: Host,
  home: string,
  owner: LockOwner,
  seenFence: number,
  signal: AbortSignal,
): Promise<{ lock: HeldLock; observed: ObservedHost }> {
  const script = REMOTE_PROGRAMS.lockAndObserve;
  const { lock, rest } = await takeLock(script, host, home, owner, seenFence, signal);
  return { lock, observed: parseObservation(rest) };
}

/** Runs a program that takes the lock; `rest` is what it prints behind the line of that. */
async function takeLock(
  script: string,
  host: Host,
  home: string,
  owner: LockOwner,
  seenFence: number,
  signal: AbortSignal,
): Promise<{ lock: HeldLock; rest: Uint8Array }> {
  const giveBack = (fence: number) =>
    releaseLock({ host, home, token: owner.token, fence }).catch(() => {});
  const { code, stdout, stderr } = await host.run({
    script,
    args: [home, owner.token, owner.user, owner.machine, String(LOCK_SECONDS)],
    timeoutMs: TIMEOUT_MS,
    signal,
  }).catch(async (error) => {
    // Only the answer may be lost; when the lock is not ours this does nothing there.
    await giveBack(seenFence + 1);
    throw error;
  });
  if (code === REMOTE_EXIT.locked) {
    const holder = describeHolder(parseEnvFile(new TextDecoder().decode(stdout)), stderr);
    throw new UserError(`Host "${host.name}" is locked by ${holder}`, {
      hint: "wait for that sync to end; a lock without a living owner expires after" +
        ` ${LOCK_SECONDS} seconds`,
    });
  }
  const end = stdout.indexOf("\n".charCodeAt(0));
  const line = new TextDecoder().decode(stdout.subarray(0, Math.max(0, end)));
  const fence = Number(/^fence=(\d+)$/.exec(line)?.[1] ?? 0);
  if (code === 0 && fence > 0) {
    return { lock: { host, home, token: owner.token, fence }, rest: stdout.subarray(end + 1) };
  }
  if (fence > 0) await giveBack(fence);
  throw new UserError(`Cannot lock host "${host.name}": ${stderr.trim() || `exit ${code}`}`);
}

function describeHolder(values: ReadonlyMap<string, string>, stderr: string): string {
  const token = values.get("token");
  if (token === undefined) return `another program (${stderr.trim()})`;
  const owner = values.get("owner");
  if (owner === undefined) return `a sync of an older program (token ${token})`;
  const since = new Date(Number(values.get("since")) * 1000).toISOString();
  return `${owner} on ${values.get("machine") ?? "?"} since ${since} (token ${token})`;
}

/**
 * Gives a lock back.
 *
 * @throws {UserError} when it could not be released, or was lost meanwhile
 */
export async function releaseLock(lock: HeldLock): Promise<void> {
  const { code, stderr } = await lock.host.run({
    script: REMOTE_PROGRAMS.unlock,
    args: [lock.home, lock.token, String(lock.fence)],
    timeoutMs: TIMEOUT_MS,
  });
  if (code !== 0) throw new UserError(`Cannot unlock host "${lock.host.name}": ${stderr.trim()}`);
}

/**
 * Keeps a lock alive until it is stopped. A heartbeat that fails is not the end: the host refuses the
 * next write if the lock is really lost.
 *
 * @returns stops it, and resolves when no heartbeat is under way any more
 */
export function keepAlive(lock: HeldLock, wait = pause): () => Promise<void> {
  const done = new AbortController();
  const beating = beat(lock, wait, done.signal);
  return async () => {
    done.abort();
    await beating;
  };
}

/** Runs `work` and keeps the lock alive meanwhile. */
export async function withHeartbeat<T>(lock: HeldLock, work: () => Promise<T>): Promise<T> {
  const stop = keepAlive(lock);
  try {
    return await work();
  } finally {
    await stop();
  }
}

async function beat(lock: HeldLock, wait: typeof pause, done: AbortSignal): Promise<void> {
  while (await wait(HEARTBEAT_MS, done)) {
    const args = [lock.home, lock.token, String(lock.fence), String(LOCK_SECONDS)];
    const script = REMOTE_PROGRAMS.heartbeat;
    // Failing is harmless here, see above, and the loss is told by the write that it prevents.
    await lock.host.run({ script, args, timeoutMs: TIMEOUT_MS, signal: done }).catch(() => {});
  }
}
