/** Carries a plan out on one host. */
import { UserError } from "../errors.ts";
import type { HostResult } from "../../daemon/mod.ts";
import type { HostDir } from "../project/host.ts";
import { REMOTE_EXIT, REMOTE_PROGRAMS } from "../remote/programs.ts";
import { type Archive, packArchive } from "./archive.ts";
import type { HeldLock } from "./lock.ts";
import type { Operation } from "./operation.ts";
import type { DesiredHost } from "./state.ts";

const TIMEOUT_MS = 600_000;

/** What tools say of a full disk, in the C locale. */
const NO_ROOM = /No space left on device|Disk quota exceeded/;

/**
 * Packs and sends what `operations` need; the host stages, verifies and renames it into place.
 *
 * @throws {UserError} when the host refuses the lock or fails; each release is then old or new, and
 * the next sync goes on
 */
export async function applyPlan(
  lock: HeldLock,
  host: HostDir,
  desired: DesiredHost,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<void> {
  const workDir = await Deno.makeTempDir({ prefix: "sns-sync-" });
  try {
    const archive = await packArchive(workDir, host, desired, operations, signal);
    const { code, stderr } = await send(lock, archive, signal);
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
  } finally {
    await Deno.remove(workDir, { recursive: true });
  }
}

async function send(lock: HeldLock, archive: Archive, signal: AbortSignal): Promise<HostResult> {
  const { readable: stdin } = await Deno.open(archive.path);
  try {
    return await lock.host.run({
      script: REMOTE_PROGRAMS.apply,
      args: [lock.home, lock.token, String(lock.fence), archive.sum],
      stdin,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
  } finally {
    // A run that took the stream closes the file; one that never began leaves that to us.
    if (!stdin.locked) await stdin.cancel();
  }
}
