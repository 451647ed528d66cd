/** Which engine serves, and with how many threads: what proxy.conf wants, as far as this machine can. */
import { DenoEngine } from "../deno_engine.ts";
import type { OpenListener } from "../linux/handover.ts";
import { libc } from "../linux/libc.ts";
import { LinuxEngine } from "../linux/linux_engine.ts";
import { LocalPlane } from "../local_plane.ts";
import type { Log } from "../log.ts";
import type { DataPlane, Plan } from "../plan.ts";
import { WorkerPlane } from "./worker_plane.ts";

/** More threads than this are only made when WORKERS asks for them. */
const AUTO_WORKERS = 4;

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
  const { engine, workers } = first.conf;
  const hindrance = engine === "deno" ? undefined : LinuxEngine.supported();
  if (engine === "linux" && hindrance !== undefined) {
    throw new Error(`ENGINE linux can't run here: ${hindrance}. Try ENGINE auto, or ENGINE deno.`);
  }
  if (engine === "deno" || hindrance !== undefined) {
    for (const { fd } of inherited) libc().close(fd);
    log.info("Connections are served by Deno", { why: hindrance });
    return new LocalPlane(new DenoEngine(), log, first);
  }
  const threads = workers === "auto"
    ? Math.min(navigator.hardwareConcurrency, AUTO_WORKERS)
    : workers;
  log.info("Connections are served by the Linux engine", { threads });
  return await WorkerPlane.start(first, log, threads, onFailure, inherited);
}
