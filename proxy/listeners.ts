/** The listeners of a proxy: thousands of ports, opened in portions and kept open. */
import { messageOf } from "./error_message.ts";
import type { MetricsSnapshot } from "./admin/snapshot.ts";
import { isOutOfFiles } from "./accept_failures.ts";
import { formatHostAddress, formatPortRanges, type HostAddress, portRangesOf } from "./conf/mod.ts";
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
  readonly #open = new Map<string, Listener>();
  #wanted = new Map<string, HostAddress>();
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
    const missing = [...this.#wanted].filter(([key]) => !this.#open.has(key));
    return formatPortRanges(portRangesOf(missing.map(([, { port }]) => port)));
  }

  /** Number of listeners wanted. */
  get wanted(): number {
    return this.#wanted.size;
  }

  metrics(): MetricsSnapshot {
    return {
      listeners: [{ labels: [], values: [this.count] }],
      listenersWanted: [{ labels: [], values: [this.wanted] }],
    };
  }

  /** Whether `address` is listened on. */
  isOpen(address: HostAddress): boolean {
    return this.#open.has(formatHostAddress(address));
  }

  /** Listens on exactly `addresses`. Resolves when all were tried once; those that failed are tried again. */
  set(addresses: readonly HostAddress[]): Promise<void> {
    this.#wanted = new Map(addresses.map((address) => [formatHostAddress(address), address]));
    const closed: Promise<void>[] = [];
    for (const [key, listener] of this.#open) {
      if (this.#wanted.has(key)) continue;
      closed.push(listener.close());
      this.#open.delete(key);
    }
    this.#retryMs = RETRY.first;
    return this.#run(Promise.all(closed));
  }

  /** Closes all, and tries nothing again. */
  async close(): Promise<void> {
    await this.set([]);
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
    const failed: HostAddress[] = [];
    const opened: string[] = [];
    const wanted = this.#wanted;
    let cause: unknown;
    let tried = 0;
    for (const [key, address] of wanted) {
      if (this.#open.has(key)) continue;
      if (cause !== undefined && isOutOfFiles(cause)) {
        failed.push(address);
        continue;
      }
      try {
        this.#open.set(key, this.#listen(address));
        opened.push(key);
      } catch (error) {
        cause = error;
        failed.push(address);
      }
      if (++tried % PORTION === 0) await pause(this.engine, 0);
      if (generation !== this.#generation) return;
    }
    if (cause !== undefined && isOutOfFiles(cause)) {
      for (const key of opened.slice(-Math.min(SPARE, Math.ceil(opened.length / 4)))) {
        await this.#open.get(key)?.close();
        this.#open.delete(key);
        failed.push(wanted.get(key)!);
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

  #listen(address: HostAddress): Listener {
    return this.engine.listen(
      address,
      (connection) => this.onConnection(connection, address.port),
      this.onTrouble,
    );
  }

  /** Says what failed, once for the same set of ports. */
  #report(failed: readonly HostAddress[], cause: unknown): void {
    const ports = formatPortRanges(portRangesOf(failed.map(({ port }) => port)));
    if (ports === this.#reported) return;
    this.#reported = ports;
    if (failed.length === 0) {
      // At the end nothing is wanted any more, and nothing to be told.
      if (this.#wanted.size > 0) this.log.info("All ports are open", { listeners: this.count });
      return;
    }
    this.log.error(`Cannot listen on ${failed.length} of ${this.#wanted.size} ports`, {
      host: failed[0]!.hostname,
      ports,
      error: messageOf(cause),
      try: isOutOfFiles(cause)
        ? "raise the limit of open files (ulimit -n, LimitNOFILE=), or shorten CLUSTERPORTS"
        : "see who listens there (ss -ltnp), or change CLUSTERPORTS or HOST; it is tried again",
    });
  }
}
