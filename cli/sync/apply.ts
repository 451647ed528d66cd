/** Carries a plan out on one host. */
import { UserError } from "../errors.ts";
import type { HostResult } from "../../daemon/mod.ts";
import type { HostDir } from "../project/host.ts";
import { REMOTE_EXIT, REMOTE_PROGRAMS } from "../remote/programs.ts";
import type { HeldLock } from "./lock.ts";
import type { Operation } from "./operation.ts";
import type { DesiredHost } from "./state.ts";
import type { Delivery, SyncWorld } from "./world.ts";

const TIMEOUT_MS = 600_000;

/** What tools say of a full disk, in the C locale; those of tar when a part still had room. */
const NO_ROOM =
  /No space left on device|Disk quota exceeded|Wrote only \d+ of \d+ bytes|short write/;

/**
 * Packs and sends what `operations` need; the host stages, verifies and renames it into place.
 *
 * @throws {UserError} when the host refuses the lock or fails; each release is then old or new, and
 * the next sync goes on
 */
export async function applyPlan(
  world: SyncWorld,
  lock: HeldLock,
  host: HostDir,
  desired: DesiredHost,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<void> {
  await using delivery = await world.pack(host, desired, operations, signal);
  const { code, stderr } = await send(lock, delivery, signal);
  if (code === 0) return;
  const reason = stderr.trim() || `it ended with ${code}`;
  throw new UserError(
    code === REMOTE_EXIT.lockLost
      ? `Host "${host.name}" refused the update: ${reason}`
      : `Cannot update host "${host.name}": ${reason}`,
    {
      hint: NO_ROOM.test(reason)
        ? `make room on host "${host.name}", then sync again`
        : "run the sync again",
    },
  );
}

async function send(lock: HeldLock, delivery: Delivery, signal: AbortSignal): Promise<HostResult> {
  const stdin = await delivery.open();
  try {
    return await lock.host.run({
      script: REMOTE_PROGRAMS.apply,
      args: [lock.home, lock.token, String(lock.fence), delivery.sum],
      stdin,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
  } finally {
    // A run that took the stream closes the file; one that never began leaves that to us.
    if (stdin instanceof ReadableStream && !stdin.locked) await stdin.cancel();
  }
}
