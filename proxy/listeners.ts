/** The listeners of a proxy: thousands of ports, opened in portions and kept open. */
import { messageOf } from "./error_message.ts";
import type { MetricsSnapshot } from "./admin/snapshot.ts";
import { isOutOfFiles } from "./accept_failures.ts";
import { formatPortRanges, portRangesOf } from "./conf/mod.ts";
import { type Connection, type Engine, type Listener, pause } from "./engine.ts";
import type { Log } from "./log.ts";

/** Ports opened before other work gets its turn. */
const PORTION = 256;
/** Pauses before ports that failed are tried again, in milliseconds: doubling from first to last. */
const RETRY = { first: 1000, last: 30_000 };
/** Listeners given up when this machine has no more open files for them, so that connections still find some. */
const SPARE = 256;

/** Opens and closes just the difference between what is wanted and what there is. */
export class Listeners {
  readonly #open = new Map<number, Listener>();
  #hostname = "";
  #wanted: Uint16Array = new Uint16Array();
  #reported = "";
  #stopRetry = () => {};
  #retryMs = RETRY.first;
  /** Only one round runs at a time; later ones wait for it. */
  #round: Promise<void> = Promise.resolve();
  #generation = 0;

  constructor(
    private readonly engine: Pick<Engine, "listen" | "after">,
    private readonly log: Log,
    private readonly onConnection: (connection: Connection, port: number) => void,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  /** Number of open listeners. */
  get count(): number {
    return this.#open.size;
  }

  /** Ports that are wanted and not open, as text; empty when there are none. */
  get missing(): string {
    const missing = this.#wanted.filter((port) => !this.#open.has(port));
    return formatPortRanges(portRangesOf([...missing]));
  }

  /** Number of listeners wanted. */
  get wanted(): number {
    return this.#wanted.length;
  }

  metrics(): MetricsSnapshot {
    return {
      listeners: [{ labels: [], values: [this.count] }],
      listenersWanted: [{ labels: [], values: [this.wanted] }],
    };
  }

  /** Listens on exactly `ports` of `hostname`. Resolves when all were tried once; those that failed are tried again. */
  set(hostname: string, ports: Uint16Array): Promise<void> {
    const stays = new Uint8Array(65536);
    if (hostname === this.#hostname) { for (const port of ports) stays[port] = 1; }
    this.#hostname = hostname;
    this.#wanted = ports;
    const closed: Promise<void>[] = [];
    for (const [port, listener] of this.#open) {
      if (stays[port]) continue;
      closed.push(listener.close());
      this.#open.delete(port);
    }
    this.#retryMs = RETRY.first;
    return this.#run(Promise.all(closed));
  }

  /** Closes all, and tries nothing again. */
  async close(): Promise<void> {
    await this.set(this.#hostname, new Uint16Array());
    this.#stopRetry();
  }

  /** Opens what is missing, once `free` tells that the addresses are free. */
  #run(free: Promise<unknown> = Promise.resolve()): Promise<void> {
    const generation = ++this.#generation;
    this.#stopRetry();
    this.#round = Promise.all([this.#round, free]).then(() => this.#openMissing(generation));
    return this.#round;
  }

  async #openMissing(generation: number): Promise<void> {
    const failed: number[] = [];
    const opened: number[] = [];
    const wanted = this.#wanted;
    let cause: unknown;
    let tried = 0;
    for (const port of wanted) {
      if (this.#open.has(port)) continue;
      if (cause !== undefined && isOutOfFiles(cause)) {
        failed.push(port);
        continue;
      }
      try {
        this.#open.set(port, this.#listen(port));
        opened.push(port);
      } catch (error) {
        cause = error;
        failed.push(port);
      }
      if (++tried % PORTION === 0) await pause(this.engine, 0);
      if (generation !== this.#generation) return;
    }
    if (cause !== undefined && isOutOfFiles(cause)) {
      for (const port of opened.slice(-Math.min(SPARE, Math.ceil(opened.length / 4)))) {
        await this.#open.get(port)?.close();
        this.#open.delete(port);
        failed.push(port);
      }
    }
    if (generation !== this.#generation) return;
    this.#report(failed, cause);
    // Without open files every retry would take away those that connections need: a reload tries again.
    if (failed.length > 0 && !isOutOfFiles(cause)) {
      this.#stopRetry = this.engine.after(this.#retryMs, () => this.#run());
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY.last);
    }
  }

  #listen(port: number): Listener {
    return this.engine.listen(
      { hostname: this.#hostname, port },
      (connection) => this.onConnection(connection, port),
      this.onTrouble,
    );
  }

  /** Says what failed, once for the same set of ports. */
  #report(failed: readonly number[], cause: unknown): void {
    const ports = formatPortRanges(portRangesOf(failed));
    if (ports === this.#reported) return;
    this.#reported = ports;
    if (failed.length === 0) {
      // At the end nothing is wanted any more, and nothing to be told.
      if (this.#wanted.length > 0) this.log.info("All ports are open", { listeners: this.count });
      return;
    }
    this.log.error(`Cannot listen on ${failed.length} of ${this.#wanted.length} ports`, {
      host: this.#hostname,
      ports,
      error: messageOf(cause),
      try: isOutOfFiles(cause)
        ? "raise the limit of open files (ulimit -n, LimitNOFILE=), or shorten CLUSTERPORTS"
        : "see who listens there (ss -ltnp), or change CLUSTERPORTS or HOST; it is tried again",
    });
  }
}
