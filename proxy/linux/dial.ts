/** Connecting to an address, with a limit of time. */
import type { HostAddress } from "../conf/mod.ts";
import { DialError } from "../engine.ts";
import { dialFailure } from "../dial_failure.ts";
import { CONNECTION_EVENTS } from "./connection.ts";
import { readLocalPorts } from "../local_ports.ts";
import { EPOLLERR, EPOLLHUP, EPOLLOUT, type Watcher } from "./epoll.ts";
import { EINPROGRESS, EINTR, SystemError } from "./errno.ts";
import type { EventLoop } from "./event_loop.ts";
import {
  IPPROTO_TCP,
  libc,
  SO_ERROR,
  SO_KEEPALIVE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from "./libc.ts";
import { ADDRESS_BYTES, encodedAddress, sameAddress } from "./socket_address.ts";

const ON = new Int32Array([1]);
/** Room for an answer of the kernel, used at once. */
const OWN = new Uint8Array(ADDRESS_BYTES);
const LENGTH = new Uint32Array(1);

/** One attempt. Once started, it calls `onConnected` or `onFailed`, once. */
export class Dial implements Watcher {
  #fd = -1;
  #wanted: Uint8Array<ArrayBuffer> | undefined;
  readonly #libc = libc();
  readonly #stopTimer: () => void;

  /**
   * @param onConnected Takes the socket over, which is registered for {@link CONNECTION_EVENTS}, and
   * the events that came with it.
   */
  constructor(
    private readonly address: HostAddress,
    timeoutMs: number,
    private readonly loop: EventLoop,
    private readonly onConnected: (fd: number, events: number) => void,
    private readonly onFailed: (error: DialError) => void,
  ) {
    this.#stopTimer = loop.after(timeoutMs, () => {
      this.#fail(new DialError("silent", `no answer from ${this.#where} within ${timeoutMs} ms`));
    });
  }

  /** Begins. It may have failed when this returns. */
  start(): void {
    try {
      this.#connect();
    } catch (error) {
      this.#fail(dialFailure(this.#where, error));
    }
  }

  ready(events: number): void {
    const errno = this.#errorOf(events);
    if (errno !== 0) return this.#failBy(errno);
    if (!(events & EPOLLOUT)) return;
    const fd = this.#fd;
    if (this.address.port >= lowestLocalPort() && this.#isSelf()) {
      return this.#fail(new DialError("refused", `${this.#where} connected to itself`));
    }
    this.#fd = -1;
    this.#stopTimer();
    this.onConnected(fd, events);
  }

  /** Gives up. */
  abort(): void {
    this.#fail(new DialError("local", `Cannot connect to ${this.#where}: given up`));
  }

  get #where(): string {
    return `${this.address.hostname}:${this.address.port}`;
  }

  #connect(): void {
    const wanted = this.#wanted = encodedAddress(this.address);
    const { socket, setsockopt, connect, errno } = this.#libc;
    const fd = socket(wanted[0]!, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw new SystemError("no socket", errno());
    this.#fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ON, 4);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, ON, 4);
    if (connect(fd, wanted, wanted.length) < 0 && errno() !== EINPROGRESS && errno() !== EINTR) {
      throw new SystemError("connect", errno());
    }
    this.loop.epoll.add(fd, CONNECTION_EVENTS, this);
  }

  #errorOf(events: number): number {
    if (!(events & (EPOLLERR | EPOLLHUP))) return 0;
    const error = new Int32Array(1);
    this.#libc.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, error, new Uint32Array([4]));
    return error[0]!;
  }

  /** The kernel connects a port nobody listens on to itself when it picks it as the local port too. */
  #isSelf(): boolean {
    LENGTH[0] = ADDRESS_BYTES;
    this.#libc.getsockname(this.#fd, OWN, LENGTH);
    return sameAddress(OWN, this.#wanted!);
  }

  #failBy(errno: number): void {
    this.#fail(dialFailure(this.#where, new SystemError("connect", errno)));
  }

  #fail(error: DialError): void {
    this.#stopTimer();
    if (this.#fd >= 0) {
      this.loop.epoll.forget(this.#fd);
      this.#libc.close(this.#fd);
      this.#fd = -1;
    }
    this.onFailed(error);
  }
}

let lowest: number | undefined;

/** The lowest port that the kernel picks for a connection by itself; any where it does not tell. */
function lowestLocalPort(): number {
  return lowest ??= readLocalPorts()?.first ?? 1;
}
