/** An open TCP connection: what is known of its socket, and its face of promises. */
import type { HostAddress } from "../conf/mod.ts";
import type { Bytes, Connection } from "../engine.ts";
import {
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
  type Watcher,
} from "./epoll.ts";
import { EAGAIN, ECONNRESET, EINTR, EPIPE, SystemError } from "./errno.ts";
import type { EventLoop } from "./event_loop.ts";
import { type Libc, MSG_MORE, MSG_NOSIGNAL, SHUT_WR, SO_LINGER, SOL_SOCKET } from "./libc.ts";
import { ADDRESS_BYTES, decodeAddress } from "./socket_address.ts";

/** What a connection is registered for, and what is left of it while nobody takes the bytes that come. */
export const CONNECTION_EVENTS = (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET) >>> 0;
const DEAF_EVENTS = (EPOLLOUT | EPOLLRDHUP | EPOLLET) >>> 0;
const ANY_END = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
const READS = EPOLLIN | EPOLLPRI | ANY_END;
const WRITES = EPOLLOUT | EPOLLHUP | EPOLLERR;
/** `struct linger`: on, for no time, which makes closing a reset. */
const NO_LINGER = new Int32Array([1, 0]);

const SIOCOUTQ = 0x5411n;
/** Room for an answer of the kernel, used at once. */
const UNDELIVERED = new Int32Array(new ArrayBuffer(8));

/** Takes a connection over: it hears what becomes possible, and does all reading and writing. */
export interface Driver {
  /** Bytes, an end or an error may wait at `connection`, or it may be written to again. */
  ready(connection: LinuxConnection, writable: boolean): void;
  /** `connection` is closed. */
  closed(connection: LinuxConnection): void;
}

/** Someone who waits for the socket. */
interface Waiting<Result> {
  readonly data: Uint8Array;
  readonly done: (result: Result | Error) => void;
}

/** What the connections of an engine have in common. */
export interface ConnectionMeans {
  readonly libc: Libc;
  readonly loop: EventLoop;
  /** Where they are counted. */
  readonly registry: Set<LinuxConnection>;
}

export class LinuxConnection implements Connection, Watcher {
  readonly remote: HostAddress;
  /** Whether a read may find something. */
  readable = false;
  /** Whether a write may find room. */
  writable = true;
  /** Whether all was read. */
  ended = false;
  /** Whether the outgoing direction was ended. */
  shut = false;
  /** Whether nothing can be sent or received any more, in whatever direction. */
  hungUp = false;
  open = true;
  driver: Driver | undefined;
  /** The other end said that it sends nothing more than what waits here. */
  #endAnnounced = false;
  /** Whether it is told of bytes that come. */
  #hears = true;
  /** The other end sends urgent data, at which reads stop short. */
  #urgent = false;
  #broken = false;
  #local: HostAddress | undefined;
  #reading: Waiting<number | null> | undefined;
  #writing: Waiting<number> | undefined;

  /**
   * Counts itself in the registry as long as it is open. The caller registers it for events.
   *
   * @param local The own end, where that is known; else the kernel is asked once somebody wants to know.
   */
  constructor(
    readonly fd: number,
    remote: HostAddress,
    private readonly means: ConnectionMeans,
    local?: HostAddress,
  ) {
    this.remote = remote;
    this.#local = local;
    means.registry.add(this);
  }

  /** The own end. The wildcard address when nobody asked before it was closed. */
  get local(): HostAddress {
    if (this.#local) return this.#local;
    const bytes = new Uint8Array(ADDRESS_BYTES);
    if (
      !this.open || this.means.libc.getsockname(this.fd, bytes, new Uint32Array([bytes.length])) < 0
    ) {
      return { hostname: this.remote.hostname.includes(":") ? "::" : "0.0.0.0", port: 0 };
    }
    return this.#local = decodeAddress(bytes);
  }

  ready(events: number): void {
    if (events & EPOLLPRI) this.#urgent = true;
    if (events & READS) {
      this.readable = true;
      if (events & ANY_END) this.#endAnnounced = true;
      if (events & (EPOLLHUP | EPOLLERR)) this.hungUp = true;
    }
    const writable = !this.writable && (events & WRITES) !== 0;
    if (writable) this.writable = true;
    if (this.driver) return this.driver.ready(this, writable);
    this.#goOn();
  }

  /**
   * Whether to be told of bytes that come. While nobody takes any, each segment would wake this thread
   * for nothing; what waits here stays `readable`.
   */
  hear(bytes: boolean): void {
    if (bytes === this.#hears || !this.open) return;
    this.#hears = bytes;
    this.means.loop.epoll.change(this.fd, bytes ? CONNECTION_EVENTS : DEAF_EVENTS);
  }

  read(buffer: Bytes): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.readThen(buffer, (read) => read instanceof Error ? reject(read) : resolve(read));
    });
  }

  write(data: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.writeThen(data, (sent) => sent instanceof Error ? reject(sent) : resolve(sent));
    });
  }

  readThen(data: Bytes, done: (read: number | null | Error) => void): void {
    if (data.length === 0) return done(0);
    if (this.#reading) return done(new Error("Two reads of one connection at once"));
    this.#reading = { data, done };
    this.#goOn();
  }

  writeThen(data: Uint8Array, done: (written: number | Error) => void): void {
    if (this.#writing) return done(new Error("Two writes to one connection at once"));
    this.#writing = { data, done };
    this.#goOn();
  }

  closeWrite(): Promise<void> {
    if (!this.open) return Promise.reject(this.#closedError());
    if (this.endWriting()) return Promise.resolve();
    return Promise.reject(this.#error("Cannot end the connection", this.means.libc.errno()));
  }

  close(): void {
    if (!this.open) return;
    // Closing with bytes unread is a reset: where that may be, the other end hears a plain end first.
    if (this.readable && !this.ended && !this.shut) this.endWriting();
    this.#release();
  }

  reset(): void {
    if (!this.open) return;
    this.means.libc.setsockopt(this.fd, SOL_SOCKET, SO_LINGER, NO_LINGER, 8);
    this.#release();
  }

  #release(): void {
    this.open = false;
    this.means.registry.delete(this);
    this.means.loop.epoll.forget(this.fd);
    this.means.libc.close(this.fd);
    this.#goOn();
    this.driver?.closed(this);
  }

  /** Bytes sent that the other end did not acknowledge yet. */
  get undelivered(): number {
    if (!this.open || this.means.libc.ioctl(this.fd, SIOCOUTQ, UNDELIVERED) < 0) return 0;
    return UNDELIVERED[0]!;
  }

  /** Ends the outgoing direction; `false` when that can't be. */
  endWriting(): boolean {
    this.shut = true;
    return this.means.libc.shutdown(this.fd, SHUT_WR) === 0;
  }

  /** Bytes received into `buffer`, up to `size`; 0 at the end; the errno, negative, of what hinders it. */
  receive(buffer: Uint8Array, size: number): number {
    if (this.ended) return 0;
    const length = this.means.libc.recv(this.fd, buffer as Bytes, size, 0);
    if (length <= 0) return this.judgeRead(length);
    // A short read took all there was, and what was announced before it comes next.
    if (length < size && !this.#urgent) {
      if (!this.#endAnnounced) this.readable = false;
      else if (!this.hungUp) this.ended = true;
    }
    return length;
  }

  /**
   * Bytes sent of the first `size` of `data`; the errno, negative, of what hinders it.
   *
   * @param last Whether the end follows at once: both go in one segment, and wake the other side once.
   */
  send(data: Uint8Array, size: number, last = false): number {
    const flags = last ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
    const length = this.means.libc.send(this.fd, data as Bytes, size, flags);
    if (length >= 0) {
      if (length < size) this.writable = false;
      return length;
    }
    return this.judgeWrite();
  }

  /** What a read means that returned `length`, 0 or -1; as {@link receive} tells it. */
  judgeRead(length: number): number {
    if (length === 0) {
      // The kernel tells an error once. After a write that heard it, a read just ends.
      if (this.#broken) return -ECONNRESET;
      this.ended = true;
      return 0;
    }
    const errno = this.means.libc.errno();
    if (errno === EAGAIN) this.readable = false;
    else if (errno !== EINTR) this.#broken = true;
    return -errno;
  }

  /** What a write means that failed; as {@link send} tells it. */
  judgeWrite(): number {
    const errno = this.means.libc.errno();
    if (errno === EAGAIN) this.writable = false;
    else if (errno !== EINTR && errno !== EPIPE) this.#broken = true;
    return -errno;
  }

  /** Serves those who wait, as far as the socket allows. */
  #goOn(): void {
    if (this.#reading && (this.readable || this.ended || !this.open)) this.#read(this.#reading);
    if (this.#writing && (this.writable || !this.open)) this.#write(this.#writing);
  }

  #read({ data, done }: Waiting<number | null>): void {
    const length = this.open ? this.receive(data, data.length) : 0;
    if (length === -EAGAIN) return;
    if (length === -EINTR) return this.#goOn();
    this.#reading = undefined;
    this.means.loop.calls();
    if (!this.open) done(this.#closedError());
    else if (length < 0) done(this.#error("Cannot read", -length));
    else done(length === 0 ? null : length);
  }

  #write({ data, done }: Waiting<number>): void {
    const length = this.open ? this.send(data, data.length) : 0;
    if (length === -EAGAIN) return;
    if (length === -EINTR) return this.#goOn();
    this.#writing = undefined;
    this.means.loop.calls();
    if (!this.open) done(this.#closedError());
    else if (length < 0) done(this.#error("Cannot write", -length));
    else done(length);
  }

  #error(what: string, errno: number): SystemError {
    const { hostname, port } = this.remote;
    return new SystemError(`${what}, peer ${hostname}:${port}`, errno);
  }

  #closedError(): Error {
    return new Deno.errors.BadResource(
      `The connection with ${this.remote.hostname}:${this.remote.port} is closed`,
    );
  }
}
