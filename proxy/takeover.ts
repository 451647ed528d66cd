/** The new process of a restart: takes over from a proxy that runs for the same address. */
import { setTimeout } from "node:timers/promises";
import { messageOf } from "./error_message.ts";
import { postTakeover } from "./admin/client.ts";
import { takeListeners, type Taken } from "./linux/handover.ts";
import type { Log } from "./log.ts";

/** How often a proxy that does not give its sockets is asked again, in milliseconds. */
const AGAIN_MS = 500;
/** How long the sockets themselves may take, in milliseconds. */
const TAKE_MS = 10_000;

/** Listening sockets, and who had them. */
export interface Inheritance extends Taken {
  /** The proxy.conf of the process that gave them. */
  readonly confFile: string;
}

/**
 * Takes the listening sockets of the proxy that runs for the address of `confFile`. As long as
 * it gives none, waits for its end.
 *
 * @returns `undefined` when none runs (any more), or `signal` was aborted.
 * @throws Error when `confFile` can't be read.
 */
export async function takeOver(
  confFile: string,
  log: Log,
  signal: AbortSignal,
): Promise<Inheritance | undefined> {
  let said = "";
  while (!signal.aborted) {
    const answer = await postTakeover(confFile, { pid: Deno.pid, confFile });
    if (answer === undefined) return undefined;
    let refusal: string;
    if ("refusal" in answer) refusal = answer.refusal;
    else {
      try {
        const taken = await takeListeners(answer.path, TAKE_MS);
        log.info("Takes over from another process", {
          pid: answer.pid,
          listeners: taken.listeners.length,
        });
        return { ...taken, confFile: answer.confFile };
      } catch (error) {
        refusal = messageOf(error);
      }
    }
    if (refusal !== said) log.warn("Waits for another proxy to end", { because: refusal });
    said = refusal;
    // Cut short by an abort, which ends the loop.
    await setTimeout(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
  return undefined;
}
