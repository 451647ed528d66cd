/** A unix socket between two processes of one user, on which packets go both ways. */
import { EPOLLIN, EPOLLOUT } from "./epoll.ts";
import { SystemError } from "./errno.ts";
import {
  AF_UNIX,
  libc,
  SO_PEERCRED,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  SOL_SOCKET,
} from "./libc.ts";
import { type Packet, receivePacket, sendPacket } from "./scm_rights.ts";

/** How often a wait without a limit looks whether the socket is open still, in milliseconds. */
const LOOK_MS = 1000;
/** What fits into `struct sockaddr_un`. */
const PATH_BYTES = 107;

/** Owns one socket. */
export class UnixSocket {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** A new one. */
  static open(): UnixSocket {
    const fd = libc().socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw new SystemError("Cannot hand listeners over", libc().errno());
    return new UnixSocket(fd);
  }

  /** -1 once it is closed. */
  get fd(): number {
    return this.#fd;
  }

  /** @throws Error when the other end belongs to another user. */
  checkUser(): void {
    const credentials = new Int32Array(3); // pid, uid, gid
    libc().getsockopt(this.#fd, SOL_SOCKET, SO_PEERCRED, credentials, new Uint32Array([12]));
    if (credentials[1] !== Deno.uid()) {
      throw new Error(
        `Listeners are handed over within one user only, not to uid ${credentials[1]}`,
      );
    }
  }

  /** Sends `packets`. @throws Error when they aren't taken by `deadline`, or the other end is gone. */
  async send(packets: readonly Packet[], deadline = Infinity): Promise<void> {
    for (const packet of packets) {
      while (!sendPacket(this.#fd, packet)) {
        await this.ready(EPOLLOUT, deadline, "the other process takes nothing");
      }
    }
  }

  /** Sends `text` if somebody is there to hear it, and it has room. */
  say(text: string): void {
    try {
      sendPacket(this.#fd, { text, fds: [] });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** The next packet; `end` when there will be none. @throws Error when none comes by `deadline`. */
  async receive(deadline = Infinity): Promise<Packet | "end"> {
    for (;;) {
      const packet = this.#received();
      if (packet !== undefined) return packet;
      await this.ready(EPOLLIN, deadline, "the other process says nothing");
    }
  }

  /** Waits until it is ready for `events`, beside all else that this thread does. */
  async ready(events: number, deadline: number, what: string): Promise<void> {
    for (;;) {
      const leftMs = Math.ceil(deadline - performance.now());
      if (this.#fd < 0) throw new Error("Cannot hand listeners over: the talk was ended");
      if (leftMs <= 0) throw new Error(`Cannot hand listeners over: ${what} in time`);
      if (await this.becomes(events, Math.min(leftMs, LOOK_MS))) return;
    }
  }

  /** Whether it gets ready for `events` within `waitMs`. */
  async becomes(events: number, waitMs = LOOK_MS): Promise<boolean> {
    const request = new Int32Array(new ArrayBuffer(8));
    request.set([this.#fd, events]);
    return await libc().poll(request, 1, waitMs) !== 0;
  }

  close(): void {
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #received(): Packet | "end" | undefined {
    try {
      return receivePacket(this.#fd);
    } catch (error) {
      if (!isGone(error)) throw error;
      return receivePacket(this.#fd); // It ended without hearing all; what it said before is there still.
    }
  }
}

/** `struct sockaddr_un`. */
export function unixAddress(path: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(path);
  if (text.length > PATH_BYTES) {
    throw new RangeError(`The path of a unix socket has at most ${PATH_BYTES} bytes: ${path}`);
  }
  const bytes = new Uint8Array(2 + text.length + 1);
  bytes[0] = AF_UNIX;
  bytes.set(text, 2);
  return bytes;
}

/** Whether the other end is closed. */
function isGone(error: unknown): boolean {
  const code = error instanceof SystemError ? error.code : undefined;
  return code === "EPIPE" || code === "ECONNRESET";
}
