/** Tells systemd how the daemon is doing, as sd_notify(3) does. */
import { messageOf } from "../files.ts";
import type { Log } from "../log.ts";
import { type Datagrams, openDatagrams } from "./notify_socket.ts";

export interface NotifyDeps {
  /** The daemon's environment: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly log: Log;
  readonly open?: typeof openDatagrams;
}

/** How often systemd wants to hear from this process, in milliseconds; `undefined`: it does not wait. */
export function watchdogMs(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined {
  const { WATCHDOG_USEC: text = "", WATCHDOG_PID: whom } = env;
  if (whom !== undefined && whom !== String(pid)) return undefined;
  return /^[1-9][0-9]{0,15}$/.test(text) ? Number(text) / 1000 : undefined;
}

/** The line to systemd; without NOTIFY_SOCKET nothing is said. */
export class Notify implements Disposable {
  readonly #socket: Datagrams | undefined;
  readonly #watchdogMs: number | undefined;
  #status = "";
  #pingedAt = -Infinity;

  constructor(readonly deps: NotifyDeps) {
    const { env, pid, log, open = openDatagrams } = deps;
    const name = env.NOTIFY_SOCKET;
    if (!name) return;
    try {
      this.#socket = open(name);
      this.#watchdogMs = watchdogMs(env, pid);
    } catch (error) {
      log("ERROR", `Cannot tell systemd anything: NOTIFY_SOCKET: ${messageOf(error)}`);
    }
  }

  /** Milliseconds within which {@link turned} has to be called again and again; Infinity without a watchdog. */
  get withinMs(): number {
    return this.#watchdogMs === undefined ? Infinity : this.#watchdogMs / 2;
  }

  ready(): void {
    this.#socket?.send("READY=1");
  }

  /** The daemon works towards its end. */
  stopping(): void {
    this.#socket?.send("STOPPING=1");
  }

  /** One line for `systemctl status`. */
  status(line: string): void {
    if (line === this.#status) return;
    this.#status = line;
    this.#socket?.send(`STATUS=${line}`);
  }

  /** The daemon's loop came around once more: the sign of life that the watchdog waits for. */
  turned(): void {
    if (this.#watchdogMs === undefined || !this.#socket) return;
    const now = this.deps.now();
    // Half of the time is the rule; a turn just before that must not make it the next turn after.
    if (now - this.#pingedAt < this.#watchdogMs / 4) return;
    if (this.#socket.send("WATCHDOG=1")) this.#pingedAt = now;
  }

  [Symbol.dispose](): void {
    this.#socket?.[Symbol.dispose]();
  }
}
