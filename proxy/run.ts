/** Runs a proxy as a process: with signals, until one of them ends it. */
import type { Log } from "./log.ts";
import { Proxy } from "./proxy.ts";
import { choosePlane } from "./workers/choose_plane.ts";

/**
 * Runs until a signal ended it. Resolves to the exit code.
 *
 * @throws Error when proxy.conf can't be read or has mistakes.
 */
export async function run(confFile: string, log: Log): Promise<number> {
  // A mistake in the service of one connection must not end all the others.
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("Unexpected error", { error: event.reason?.stack ?? String(event.reason) });
  });
  // Listening for signals comes first: from the first connection on, an end has to be a drain.
  const ended = Promise.withResolvers<number>();
  const starting = Proxy.start({
    confFile,
    log,
    makePlane: (first) => choosePlane(first, log, (error) => ended.reject(error)),
  });
  let signals = 0;
  const end = () => {
    if (++signals > 1) return ended.resolve(1);
    starting.then((proxy) => proxy.drain()).then(() => ended.resolve(0), ended.reject);
  };
  Deno.addSignalListener("SIGTERM", end);
  Deno.addSignalListener("SIGINT", end);
  const proxy = await starting;
  Deno.addSignalListener("SIGHUP", () => void proxy.reload());
  return await ended.promise;
}
