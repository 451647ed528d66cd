/**
 * The listening sockets of a proxy with several threads: opened and closed here, accepted from by
 * all threads. One socket for all of them and not one for each, so that none has a queue of
 * connections that gets lost with it, and so that a port that somebody else has is noticed.
 */
import { formatHostAddress, type HostAddress } from "../conf/mod.ts";
import type { Listener } from "../engine.ts";
import type { OpenListener } from "../linux/handover.ts";
import { libc } from "../linux/libc.ts";
import { openListener } from "../linux/listener.ts";

/** Has every thread accept from `open` too and from `drop` no more; resolves when all do. */
export type Share = (open: Int32Array, drop: Int32Array) => Promise<void>;

/** A listening socket, which all threads share. */
class SharedSocket implements Listener {
  constructor(
    readonly fd: number,
    readonly hostname: string,
    readonly port: number,
    private readonly owner: { drop(socket: SharedSocket): Promise<void> },
  ) {}

  close(): Promise<void> {
    return this.owner.drop(this);
  }
}

/** What `Listeners` needs of an engine. */
export class SharedSockets {
  #open: SharedSocket[] = [];
  #dropped: SharedSocket[] = [];
  #sharing: Promise<void> | undefined;

  readonly #listening = new Set<SharedSocket>();
  /** Sockets of the process before that nobody asked for yet, by address. */
  readonly #inherited: Map<string, OpenListener>;

  constructor(private readonly share: Share, inherited: readonly OpenListener[]) {
    this.#inherited = new Map(inherited.map((each) => [formatHostAddress(each.address), each]));
  }

  /** All that is open. */
  get listeners(): OpenListener[] {
    return [...this.#listening].map(({ fd, hostname, port }) => ({
      fd,
      address: { hostname, port },
    }));
  }

  /** Closes what was inherited and is not listened on. */
  closeUnclaimed(): void {
    for (const { fd } of this.#inherited.values()) libc().close(fd);
    this.#inherited.clear();
  }

  /** Opens a socket; the threads are told with the next {@link flush}, which comes by itself. */
  listen({ hostname, port }: HostAddress): Listener {
    const socket = new SharedSocket(this.#fdFor({ hostname, port }), hostname, port, this);
    this.#listening.add(socket);
    this.#open.push(socket);
    this.#flushSoon();
    return socket;
  }

  /** Closes `socket`, once all threads know. */
  drop(socket: SharedSocket): Promise<void> {
    this.#listening.delete(socket);
    this.#dropped.push(socket);
    return this.#flushSoon();
  }

  after(ms: number, action: () => void): () => void {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  }

  /** Resolves when all threads know what was opened and closed until now. */
  async flush(): Promise<void> {
    while (this.#open.length + this.#dropped.length > 0 || this.#sharing) await this.#flushSoon();
  }

  #fdFor(address: HostAddress): number {
    if (this.#inherited.size === 0) return openListener(address);
    const key = formatHostAddress(address);
    const inherited = this.#inherited.get(key)?.fd;
    this.#inherited.delete(key);
    return inherited ?? openListener(address);
  }

  /** One round at a time, each with all that has come together. */
  #flushSoon(): Promise<void> {
    return this.#sharing ??= new Promise((resolve) => setTimeout(resolve, 0))
      .then(() => this.#flush())
      .finally(() => this.#sharing = undefined);
  }

  async #flush(): Promise<void> {
    const dropped = this.#dropped;
    const open = this.#open;
    this.#dropped = [];
    this.#open = [];
    // A socket that was opened and closed since the last round is never shown to anybody.
    const never = new Set(dropped.length > 0 ? open : []).intersection(new Set(dropped));
    const shown = open.filter((socket) => !never.has(socket));
    const pairs = new Int32Array(shown.length * 2);
    shown.forEach(({ fd, port }, index) => pairs.set([fd, port], index * 2));
    const hidden = dropped.filter((socket) => !never.has(socket)).map(({ fd }) => fd);
    await this.share(pairs, Int32Array.from(hidden));
    for (const { fd } of dropped) libc().close(fd);
  }
}
