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
import type { SharedSocket } from "./messages.ts";

/** Has every thread accept from `open` too and from `drop` no more; resolves when all do. */
export type Share = (open: readonly SharedSocket[], drop: readonly number[]) => Promise<void>;

/** What `Listeners` needs of an engine. */
export class SharedSockets {
  #open: SharedSocket[] = [];
  #drop: SharedSocket[] = [];
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
    const key = formatHostAddress({ hostname, port });
    const fd = this.#inherited.get(key)?.fd ?? openListener({ hostname, port });
    this.#inherited.delete(key);
    const socket = { fd, hostname, port };
    this.#listening.add(socket);
    this.#open.push(socket);
    this.#flushSoon();
    return {
      close: () => {
        this.#listening.delete(socket);
        this.#drop.push(socket);
        return this.#flushSoon();
      },
    };
  }

  after(ms: number, action: () => void): () => void {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  }

  /** Resolves when all threads know what was opened and closed until now. */
  async flush(): Promise<void> {
    while (this.#open.length + this.#drop.length > 0 || this.#sharing) await this.#flushSoon();
  }

  /** One round at a time, each with all that has come together. */
  #flushSoon(): Promise<void> {
    return this.#sharing ??= new Promise((resolve) => setTimeout(resolve, 0))
      .then(() => this.#flush())
      .finally(() => this.#sharing = undefined);
  }

  async #flush(): Promise<void> {
    const drop = this.#drop;
    const open = this.#open;
    this.#drop = [];
    this.#open = [];
    // A socket that was opened and closed since the last round is never shown to anybody.
    const never = new Set(drop.filter((socket) => open.includes(socket)));
    await this.share(
      open.filter((socket) => !never.has(socket)),
      drop.filter((socket) => !never.has(socket)).map(({ fd }) => fd),
    );
    for (const { fd } of drop) libc().close(fd);
  }
}
