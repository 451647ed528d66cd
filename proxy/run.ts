/** Runs a proxy as a process: with signals, until one of them ends it. */
import { LinuxEngine } from "./linux/linux_engine.ts";
import type { Log } from "./log.ts";
import { Proxy } from "./proxy.ts";
import { takeOver } from "./takeover.ts";
import { choosePlane } from "./workers/choose_plane.ts";

/**
 * Runs until a signal or a successor ended it. Resolves to the exit code.
 *
 * @param takeover Whether to take over from a proxy that runs for the same address.
 * @throws Error when proxy.conf can't be read or has mistakes.
 */
export async function run(confFile: string, log: Log, takeover: boolean): Promise<number> {
  // A mistake in the service of one connection must not end all the others.
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("Unexpected error", { error: event.reason?.stack ?? String(event.reason) });
  });
  // Listening for signals comes first: from the first connection on, an end has to be a drain.
  const ended = Promise.withResolvers<number>();
  const waiting = new AbortController();
  const starting = start(confFile, log, takeover, waiting.signal, () => drain(), ended.reject);
  const drain = () => {
    starting.then((proxy) => proxy?.drain()).then(() => ended.resolve(0), ended.reject);
  };
  let signals = 0;
  const end = () => {
    waiting.abort();
    if (++signals > 1) ended.resolve(1);
    else drain();
  };
  Deno.addSignalListener("SIGTERM", end);
  Deno.addSignalListener("SIGINT", end);
  const proxy = await starting;
  if (proxy) Deno.addSignalListener("SIGHUP", () => void proxy.reload());
  return await ended.promise;
}

/** A running proxy; `undefined` when `signal` was aborted while it waited for another one. */
async function start(
  confFile: string,
  log: Log,
  takeover: boolean,
  signal: AbortSignal,
  onSucceeded: () => void,
  onFailure: (error: Error) => void,
): Promise<Proxy | undefined> {
  const heir = takeover && LinuxEngine.supported() === undefined
    ? await takeOver(confFile, log, signal)
    : undefined;
  if (signal.aborted && !heir) return undefined;
  try {
    return await Proxy.start({
      confFile,
      log,
      before: heir,
      onSucceeded,
      makePlane: (first) => choosePlane(first, log, onFailure, heir?.listeners),
    });
  } catch (error) {
    heir?.close();
    throw error;
  }
}
