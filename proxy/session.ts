/**
 * A connection that is joined with a target. This, and what the engine has for the relay, is all that
 * stays in memory for as long as the two talk: whoever starts it returns.
 */
import type { Joined, Side } from "./admin/metrics.ts";
import type { Context } from "./context.ts";
import type { Hold } from "./hold.ts";
import type { Connection, RelayCount, RelayOwner, RelayStart } from "./engine.ts";

/** What is joined, for whom. */
export interface Pairing {
  readonly side: Side;
  /** The cluster port. */
  readonly port: number;
  /** Where the target is: `local` or the line of hosts.conf. */
  readonly host: string;
  readonly source: Connection;
  readonly target: Connection;
  /** What is counted for the target. */
  readonly hold: Hold;
}

export class Session implements RelayOwner {
  readonly #context: Context;
  readonly #port: number;
  readonly #host: string;
  readonly #hold: Hold;
  readonly #joined: Joined;

  private constructor(context: Context, { side, port, host, hold }: Pairing) {
    this.#context = context;
    this.#port = port;
    this.#host = host;
    this.#hold = hold;
    this.#joined = context.metrics.joined(side, port, host);
  }

  /** Joins two connections until both are closed; it ends one of the context's sessions then. */
  static begin(context: Context, pairing: Pairing, start: RelayStart): void {
    const session = new Session(context, pairing);
    context.sessions.joined++;
    // It may be over when this returns.
    const progress = context.engine.relay(pairing.source, pairing.target, start, session);
    session.#joined.follow(progress);
  }

  relayEnded(count: RelayCount): void {
    const { log, sessions } = this.#context;
    this.#hold.release();
    this.#joined.end(count);
    log.debug("A connection ended", {
      clusterPort: this.#port,
      host: this.#host,
      toTarget: count.toTarget,
      toClient: count.toClient,
    });
    sessions.joined--;
    sessions.end();
  }
}
