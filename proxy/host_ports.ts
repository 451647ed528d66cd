/** Connects to a pod of the own host: the last step of every connection, whoever asked for it. */
import { HESITATION_MS, type Shared } from "./context.ts";
import { type Connection, DialError } from "./engine.ts";
import type { Lease, Route } from "./routing_table.ts";

/** A pod's port that took the connection. Whoever has it closes the connection and releases the lease. */
export interface HostPort {
  readonly connection: Connection;
  readonly lease: Lease;
}

/** A host port on the own host answers at once or never; in milliseconds. */
export const HOST_PORT_MS = 2000;
/** How long a mapping that took no connection is tried after the others, in milliseconds. */
const AVOID_MS = { refused: 1000, hesitated: 1000, silent: 10_000 };

/**
 * Finds a connection to a mapping of cluster port `port` with room. `busy`: there are mappings, but
 * those that were not at their limit took no connection. `none`: nothing here takes connections.
 *
 * Mappings are tried one after another. One that hesitates gets its full time only after the others.
 *
 * @param limitMs For the connect to one mapping.
 * @param done Hears the outcome, once; perhaps before this returns.
 */
export function dialHostPort(
  port: number,
  context: Shared,
  limitMs: number,
  done: (found: HostPort | "busy" | "none") => void,
): void {
  new Search(port, context, limitMs, done).next();
}

class Search {
  #routes: readonly Route[];
  #at = 0;
  readonly #fullMs: number;
  #timeoutMs: number;
  #hesitating: Route[] | undefined;
  #busy = false;

  constructor(
    private readonly port: number,
    private readonly context: Shared,
    limitMs: number,
    private readonly done: (found: HostPort | "busy" | "none") => void,
  ) {
    this.#routes = context.table.order(port, context.now());
    this.#fullMs = Math.min(limitMs, context.conf.connectSeconds * 1000);
    this.#timeoutMs = this.#routes.length > 1
      ? Math.min(HESITATION_MS, this.#fullMs)
      : this.#fullMs;
  }

  /** Tries the next mapping. */
  next(): void {
    for (;;) {
      const route = this.#routes[this.#at++];
      if (route) {
        const lease = this.context.table.take(route);
        if (lease) return this.#dial(route, lease);
        this.#busy = true;
      } else if (!this.#startOver()) return this.done(this.#busy ? "busy" : "none");
    }
  }

  /** Gives those that hesitated their full time; `false` when there are none. */
  #startOver(): boolean {
    if (!this.#hesitating || this.#timeoutMs === this.#fullMs) return false;
    this.#routes = this.#hesitating;
    this.#hesitating = undefined;
    this.#timeoutMs = this.#fullMs;
    this.#at = 0;
    return true;
  }

  #dial(route: Route, lease: Lease): void {
    const { engine, podHost, metrics, now } = this.context;
    const start = now();
    const address = { hostname: podHost, port: lease.mapping.hostPort };
    engine.dial(address, this.#timeoutMs, (dialled) => {
      if (dialled instanceof DialError) return this.#failed(route, lease, dialled);
      metrics.connected(start);
      this.done({ connection: dialled, lease });
    });
  }

  #failed(route: Route, lease: Lease, { kind, message }: DialError): void {
    const { table, log, now } = this.context;
    const { mapping } = lease;
    if (kind !== "local") {
      const hesitated = kind === "silent" && this.#timeoutMs <= HESITATION_MS;
      table.avoid(mapping, now() + AVOID_MS[hesitated ? "hesitated" : kind]);
    }
    lease.release();
    log.often("A host port took no connection", {
      clusterPort: this.port,
      error: message,
    });
    if (kind === "silent") (this.#hesitating ??= []).push(route);
    this.next();
  }
}
