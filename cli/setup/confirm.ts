/** Confirms a change that could shut everybody out, by a connection that is made after it. */
import { sleep } from "../../daemon/mod.ts";
import { describeError, UserError } from "../errors.ts";
import type { Route } from "../transport/route.ts";
import { AS_ROOT, SETUP_PROGRAMS } from "../remote/setup/programs.ts";
import type { StepLine } from "./report.ts";
import { isNoLogin, runSteps, type Setup, tell } from "./setup.ts";

const PAUSE_MS = 500;
/** Seconds that a host may take to have taken a change back. */
const BACK_SECONDS = 30;

let connectionsMade = 0;

/** A way that no connection is open on yet, and that is given up at some time. */
function fresh(route: Route, timeoutMs: number): Route {
  const hop = route.at(-1)!;
  const connectTimeoutMs = Math.max(1, Math.min(hop.flags.connectTimeoutMs, timeoutMs));
  const envFile = `${hop.envFile} ${++connectionsMade}`;
  const last = { ...hop, envFile, flags: { ...hop.flags, connectTimeoutMs } };
  return [...route.slice(0, -1), last] as unknown as Route;
}

export interface Change {
  /** Its name on the host. */
  readonly name: string;
  readonly line: StepLine;
  /** The way that has to work after it. */
  readonly route: Route;
  /** The way that worked before. */
  readonly before: Route;
  readonly seconds: number;
  /** What to try when it has shut us out. */
  readonly hint: string;
  /** What is left to do after it is confirmed. */
  readonly keep?: () => Promise<unknown>;
}

/**
 * Confirms a change by a new connection.
 *
 * @throws {UserError} when there is none in time; the host has taken the change back then, or will
 */
export async function confirmChange(setup: Setup, change: Change): Promise<void> {
  const { deps, cluster, host } = setup;
  const { name, line, route, seconds } = change;
  const end = performance.now() + seconds * 1000;
  deps.progress.set(host.name, `confirming: ${line.step}`);
  const connections = await deps.ssh();
  for (let last: unknown;;) {
    const leftMs = end - performance.now();
    if (leftMs <= 0) throw await takenBack(setup, change, last);
    try {
      const again = connections.at(host.name, fresh(route, leftMs), cluster.root);
      await runSteps(setup, again, "confirm", [name]);
      await change.keep?.();
      return tell(setup, line.step, "changed", line.text);
    } catch (error) {
      if (!isNoLogin(error)) throw error;
      last = error;
    }
    await sleep(Math.min(PAUSE_MS, Math.max(1, end - performance.now())), deps.signal);
  }
}

/** The error of a change that could not be confirmed, once the host can be asked what became of it. */
async function takenBack(setup: Setup, change: Change, why: unknown): Promise<UserError> {
  const { deps, cluster, host } = setup;
  const { address, port } = change.route.at(-1)!;
  const end = performance.now() + BACK_SECONDS * 1000;
  deps.progress.set(host.name, "waiting for the host to take the change back");
  const connections = await deps.ssh();
  let state = "";
  while (state !== "undone" && performance.now() < end) {
    try {
      const route = fresh(change.before, end - performance.now());
      const { stdout } = await connections.at(host.name, route, cluster.root).run({
        script: AS_ROOT,
        args: [SETUP_PROGRAMS.guarded, "look", change.name],
        timeoutMs: BACK_SECONDS * 1000,
        signal: deps.signal,
      });
      state = new TextDecoder().decode(stdout).trim();
    } catch (error) {
      if (!isNoLogin(error)) throw error;
    }
    if (state !== "undone") await sleep(PAUSE_MS, deps.signal);
  }
  const became = state === "undone"
    ? "the host has taken the change back"
    : "the host takes the change back by itself, but it could not be seen that it did";
  return new UserError(
    `Nobody could log in to ${address}:${port} with the new ${change.line.step}, so ${became}`,
    { hint: change.hint, cause: why === undefined ? undefined : new Error(describeError(why)[0]) },
  );
}
