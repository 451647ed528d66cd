/** A listening socket. */
import type { HostAddress } from "../conf/mod.ts";
import { EPOLLEXCLUSIVE, EPOLLIN, type Watcher } from "./epoll.ts";
import { EAGAIN, EMFILE, ENFILE, SystemError } from "./errno.ts";
import type { EventLoop } from "./event_loop.ts";
import {
  IPPROTO_TCP,
  type Libc,
  libc,
  SO_KEEPALIVE,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from "./libc.ts";
import { ADDRESS_BYTES, encodeAddress } from "./socket_address.ts";

/** Connections that may wait to be accepted; the kernel takes less where it is set so. */
const BACKLOG = 4096;
/** Connections accepted before others get their turn. */
const ACCEPTS = 64;
/** How long nothing is accepted after that failed, in milliseconds. */
const PARKED_MS = 100;
const ON = new Int32Array([1]);
/** Room for the address of one accepted connection, of whatever listener: it is used at once. */
const REMOTE = new Uint8Array(ADDRESS_BYTES);
const LENGTH = new Uint32Array(1);
/** `ENOMEM`, `EINVAL` and so on: what concerns the listener, not one connection that went wrong. */
const LASTING = new Set([EMFILE, ENFILE, 9, 12, 22, 38, 88, 95, 105]);

/**
 * Opens a listening socket.
 *
 * @throws SystemError with `code`, or RangeError when the host is no numeric address.
 */
export function openListener(address: HostAddress): number {
  const where = `Cannot listen on ${address.hostname}:${address.port}`;
  const { socket, setsockopt, bind, listen, close, errno } = libc();
  const bytes = encodeAddress(address);
  const fd = socket(bytes[0]!, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SystemError(where, errno());
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ON, 4);
  // Accepted sockets inherit these.
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ON, 4);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, ON, 4);
  if (bind(fd, bytes, bytes.length) < 0 || listen(fd, BACKLOG) < 0) {
    const error = new SystemError(where, errno());
    close(fd);
    throw error;
  }
  return fd;
}

/** What listeners have in common: there may be tens of thousands, so each of them has little of its own. */
export interface Accepting {
  readonly libc: Libc;
  readonly loop: EventLoop;
  /** Takes a socket over, with the address of the other end in a buffer that others use next. */
  accepted(fd: number, remote: Uint8Array, listener: LinuxListener): void;
  /** Hears why nothing is accepted for a moment. */
  onTrouble(error: unknown): void;
  /** Whether other threads accept from it too; then it stays open when this one closes. */
  readonly shared: boolean;
}

/** Accepts what comes to a listening socket, until it is closed. */
export class LinuxListener implements Watcher {
  /** Its address; `null` until somebody wants to know, `undefined` when it takes those of all addresses. */
  local: HostAddress | undefined | null = null;
  #open = true;
  #stopTimer: (() => void) | undefined;

  /**
   * @param port For those who have many.
   * @throws SystemError When it can't be watched; `fd` stays open then.
   */
  constructor(
    readonly fd: number,
    readonly port: number,
    private readonly common: Accepting,
  ) {
    this.#watch();
  }

  ready(): void {
    const { libc } = this.common;
    for (let count = 0; this.#open && count < ACCEPTS; count++) {
      LENGTH[0] = ADDRESS_BYTES;
      const flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
      const fd = libc.accept4(this.fd, REMOTE, LENGTH, flags);
      if (fd < 0) {
        const errno = libc.errno();
        if (errno === EAGAIN) return;
        if (LASTING.has(errno)) return this.#park(errno);
        continue; // That connection broke before it was accepted.
      }
      this.#give(fd);
    }
  }

  /** Resolves at once: the address is free again when this returns. */
  close(): Promise<void> {
    if (this.#open) {
      this.#open = false;
      this.#stopTimer?.();
      const { libc, loop, shared } = this.common;
      loop.epoll.remove(this.fd);
      if (!shared) libc.close(this.fd);
    }
    return Promise.resolve();
  }

  #watch(): void {
    const { loop, shared } = this.common;
    loop.epoll.add(this.fd, shared ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN, this);
  }

  #give(fd: number): void {
    this.common.loop.calls();
    try {
      this.common.accepted(fd, REMOTE, this);
    } catch (error) {
      this.common.onTrouble(error);
    }
  }

  /** Ready as it still is, it would be told of again and again. */
  #park(errno: number): void {
    const { loop } = this.common;
    loop.epoll.remove(this.fd);
    this.#stopTimer = loop.after(PARKED_MS, () => this.#resume());
    loop.calls();
    this.common.onTrouble(new SystemError("Cannot accept a connection", errno));
  }

  #resume(): void {
    try {
      this.#watch();
    } catch (error) {
      this.#stopTimer = this.common.loop.after(PARKED_MS, () => this.#resume());
      this.common.onTrouble(error);
    }
  }
}
