/** Which engine serves, and with how many threads: what proxy.conf wants, as far as this machine can. */
import { DenoEngine } from "../deno_engine.ts";
import type { OpenListener } from "../linux/handover.ts";
import { libc } from "../linux/libc.ts";
import { LocalPlane } from "../local_plane.ts";
import type { Log } from "../log.ts";
import type { DataPlane, Plan } from "../plan.ts";
import { wantedEngine } from "./wanted_engine.ts";
import { WorkerPlane } from "./worker_plane.ts";

/**
 * @param onFailure Hears that the data plane ended by mistake.
 * @param inherited Listening sockets of the process before.
 * @throws Error when proxy.conf demands an engine that can't run here.
 */
export async function choosePlane(
  first: Plan,
  log: Log,
  onFailure: (error: Error) => void,
  inherited: readonly OpenListener[] = [],
): Promise<DataPlane> {
  const { engine, workers, hindrance } = wantedEngine(first.conf);
  if (engine === "deno") {
    for (const { fd } of inherited) libc().close(fd);
    log.info("Connections are served by Deno", { why: hindrance });
    return new LocalPlane(new DenoEngine(), log, first);
  }
  if (hindrance !== undefined) {
    throw new Error(`ENGINE linux can't run here: ${hindrance}. Try ENGINE auto, or ENGINE deno.`);
  }
  log.info("Connections are served by the Linux engine", { threads: workers });
  return await WorkerPlane.start(first, log, workers, onFailure, inherited);
}
