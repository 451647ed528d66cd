/**
 * Connections kept ready to the proxies of hosts in use, so that a client waits for no connect.
 *
 * A proxy waits only so long for a question (REQUEST_MS in peer_side.ts), and may end at any time: a
 * kept connection is dropped when it is old or the other side closes it, and whoever takes one has
 * to reckon with its end.
 */
import { dialPeer, remember } from "./ask_peer.ts";
import type { HostAddress } from "./conf/mod.ts";
import type { Shared } from "./context.ts";
import type { PeerLine } from "./peer_line.ts";

/** How long a connection is kept, in milliseconds. */
export const KEEP_MS = 5000;
/** How long after its last use a host is in use, in milliseconds. */
export const IN_USE_MS = 10_000;
/** Pauses before a host that took no connection is dialled again, in milliseconds: doubling from first to last. */
const RETRY = { first: 500, last: 10_000 };
/** How often connections are looked at that nobody takes, in milliseconds. */
const LOOK_MS = 1000;

interface Kept {
  readonly line: PeerLine;
  readonly since: number;
}

interface Host {
  address: HostAddress;
  /** The oldest first. */
  idle: Kept[];
  dialling: number;
  lastUse: number;
  retryAt: number;
  retryMs: number;
}

/** Hosts are named by any unique text. */
export class PeerPool {
  readonly #hosts = new Map<string, Host>();
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(private readonly context: Shared) {}

  /** Connections kept now. */
  get idle(): number {
    let idle = 0;
    for (const host of this.#hosts.values()) idle += host.idle.length;
    return idle;
  }

  /** A kept connection to `name`, if there is one; others are made ready for the next. The caller closes it. */
  take(name: string, address: HostAddress): PeerLine | undefined {
    const { context } = this;
    if (context.conf.preDial === 0 || this.#stopped) return undefined;
    const now = context.now();
    const host = this.#host(name, address);
    host.lastUse = now;
    let taken: PeerLine | undefined;
    while (!taken && host.idle.length > 0) {
      const { line, since } = host.idle.shift()!;
      if (since + KEEP_MS > now) taken = line;
      else line.connection.close();
    }
    this.#fill(name, host);
    this.#cancel ??= context.engine.after(LOOK_MS, () => this.#look());
    return taken;
  }

  /** Closes what is kept, for good. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    for (const [name, host] of this.#hosts) this.#drop(name, host);
  }

  #host(name: string, address: HostAddress): Host {
    const known = this.#hosts.get(name);
    if (known?.address.hostname === address.hostname && known.address.port === address.port) {
      return known;
    }
    if (known) this.#drop(name, known);
    const lastUse = -Infinity;
    const retry = { retryAt: -Infinity, retryMs: RETRY.first };
    const host: Host = { address, idle: [], dialling: 0, lastUse, ...retry };
    this.#hosts.set(name, host);
    return host;
  }

  #drop(name: string, host: Host): void {
    for (const { line } of host.idle) line.connection.close();
    host.idle = [];
    if (this.#hosts.get(name) === host) this.#hosts.delete(name);
  }

  #fill(name: string, host: Host): void {
    const { context } = this;
    if (host.retryAt > context.now()) return;
    const missing = context.conf.preDial - host.idle.length - host.dialling;
    for (let count = 0; count < missing; count++) this.#dial(name, host);
  }

  #dial(name: string, host: Host): void {
    const { engine, now, conf } = this.context;
    host.dialling++;
    dialPeer(engine, host.address, conf.connectSeconds * 1000, (line) => {
      host.dialling--;
      const wanted = !this.#stopped && this.#hosts.get(name) === host;
      if (!("answer" in line)) {
        host.retryMs = RETRY.first;
        if (wanted) this.#keep(line, host);
        else line.connection.close();
        return;
      }
      host.retryAt = now() + host.retryMs;
      host.retryMs = Math.min(host.retryMs * 2, RETRY.last);
      if (wanted) remember(this.context, name, undefined, line);
    });
  }

  #keep(line: PeerLine, host: Host): void {
    const { now } = this.context;
    const kept: Kept = { line, since: now() };
    host.idle.push(kept);
    line.keep(() => {
      const at = host.idle.indexOf(kept);
      if (at < 0) return; // Taken by now, or dropped.
      host.idle.splice(at, 1);
      line.connection.close();
      // A proxy that ends what it accepts isn't asked at once to do it again.
      host.retryAt = now() + host.retryMs;
    });
  }

  /** Drops what is old, and makes ready what is missing to hosts in use. */
  #look(): void {
    this.#cancel = undefined;
    const now = this.context.now();
    for (const [name, host] of this.#hosts) {
      if (host.lastUse + IN_USE_MS <= now) {
        this.#drop(name, host);
        continue;
      }
      while (host.idle[0] && host.idle[0].since + KEEP_MS <= now) {
        host.idle.shift()!.line.connection.close();
      }
      this.#fill(name, host);
    }
    if (this.#hosts.size > 0) {
      this.#cancel = this.context.engine.after(LOOK_MS, () => this.#look());
    }
  }
}
