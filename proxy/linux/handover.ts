/**
 * Listening sockets from an old process to its successor, so that a restart refuses no connection.
 *
 * The old process gives what it listens on at a unix socket. The new one takes it, starts to accept,
 * and confirms; until then, the old one goes on as if nothing had happened. After that the old one
 * closes its listeners, which are open in the new one, and drains.
 */
import type { HostAddress } from "../conf/mod.ts";
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
import { type Packet, PACKET_FDS, receivePacket, sendPacket } from "./scm_rights.ts";

/** A socket that listens on `address`. */
export interface OpenListener {
  readonly fd: number;
  readonly address: HostAddress;
}

/** What was taken; all its descriptors belong to the taker. */
export interface Taken {
  readonly listeners: OpenListener[];
  /** Tells the old process that all are served from now on. */
  confirm(): void;
  /** Ends the talk; without `confirm` before it, the old process stays in charge. */
  close(): void;
}

const ALL_SENT = "all";
const CONFIRMED = "confirmed";
/** What fits into `struct sockaddr_un`. */
const PATH_BYTES = 107;

/**
 * Gives `listeners` to the first process of the same user that takes them at the unix socket `path`,
 * which is made for that and removed.
 *
 * @param path Absent, in a directory that only this user may write.
 * @param timeoutMs For all of it, until the other process confirmed.
 * @throws Error when nobody took and confirmed them in time. Nothing has changed then.
 */
export async function giveListeners(
  path: string,
  listeners: readonly OpenListener[],
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  using server = openSocket();
  const address = unixAddress(path);
  if (libc().bind(server.fd, address, address.length) < 0 || libc().listen(server.fd, 1) < 0) {
    throw new SystemError(`Cannot give listeners at ${path}`, libc().errno());
  }
  try {
    await Deno.chmod(path, 0o600);
    await ready(server.fd, EPOLLIN, deadline, "nobody took the listeners");
    using taker = new Socket(libc().accept4(server.fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (taker.fd < 0) throw new SystemError("Cannot accept who takes listeners", libc().errno());
    checkUser(taker.fd);
    for (const packet of packetsOf(listeners)) {
      while (!sendPacket(taker.fd, packet)) {
        await ready(taker.fd, EPOLLOUT, deadline, "the listeners are not taken");
      }
    }
    const answer = await nextPacket(taker.fd, deadline);
    if (answer === "end" || answer.text !== CONFIRMED) {
      throw new Error("The process that took the listeners ended before it served them");
    }
  } finally {
    await Deno.remove(path);
  }
}

/**
 * Takes the listeners that another process of the same user gives at the unix socket `path`.
 *
 * @param timeoutMs For all of it.
 * @throws Error when nobody gives any there; none is left open then.
 */
export async function takeListeners(path: string, timeoutMs: number): Promise<Taken> {
  const deadline = performance.now() + timeoutMs;
  const socket = openSocket();
  const listeners: OpenListener[] = [];
  try {
    const address = unixAddress(path);
    if (libc().connect(socket.fd, address, address.length) < 0) {
      throw new SystemError(`Cannot take listeners at ${path}`, libc().errno());
    }
    checkUser(socket.fd);
    for (;;) {
      const packet = await nextPacket(socket.fd, deadline);
      if (packet === "end") throw new Error("The process that gave its listeners ended amid it");
      if (packet.text === ALL_SENT) break;
      const addresses = JSON.parse(packet.text) as HostAddress[];
      packet.fds.forEach((fd, index) => listeners.push({ fd, address: addresses[index]! }));
    }
  } catch (error) {
    for (const { fd } of listeners) libc().close(fd);
    socket.close();
    throw error;
  }
  return {
    listeners,
    confirm: () => void sendPacket(socket.fd, { text: CONFIRMED, fds: [] }),
    close: () => socket.close(),
  };
}

function packetsOf(listeners: readonly OpenListener[]): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < listeners.length; at += PACKET_FDS) {
    const part = listeners.slice(at, at + PACKET_FDS);
    packets.push({
      text: JSON.stringify(part.map(({ address }) => address)),
      fds: part.map(({ fd }) => fd),
    });
  }
  return [...packets, { text: ALL_SENT, fds: [] }];
}

async function nextPacket(fd: number, deadline: number): Promise<Packet | "end"> {
  for (;;) {
    const packet = receivePacket(fd);
    if (packet !== undefined) return packet;
    await ready(fd, EPOLLIN, deadline, "the other process says nothing");
  }
}

/** Waits until `fd` is ready, beside all else that this thread does. */
async function ready(fd: number, events: number, deadline: number, what: string): Promise<void> {
  const waitMs = Math.ceil(deadline - performance.now());
  const request = new Int32Array(new ArrayBuffer(8));
  request.set([fd, events]);
  if (waitMs <= 0 || await libc().poll(request, 1, waitMs) === 0) {
    throw new Error(`Cannot hand listeners over: ${what} in time`);
  }
}

/** @throws Error when the other end belongs to another user. */
function checkUser(fd: number): void {
  const credentials = new Int32Array(3); // pid, uid, gid
  libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, new Uint32Array([12]));
  if (credentials[1] !== Deno.uid()) {
    throw new Error(`Listeners are handed over within one user only, not to uid ${credentials[1]}`);
  }
}

class Socket {
  constructor(readonly fd: number) {}

  close(): void {
    if (this.fd >= 0) libc().close(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function openSocket(): Socket {
  const fd = libc().socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SystemError("Cannot hand listeners over", libc().errno());
  return new Socket(fd);
}

/** `struct sockaddr_un`. */
function unixAddress(path: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(path);
  if (text.length > PATH_BYTES) {
    throw new RangeError(`The path of a unix socket has at most ${PATH_BYTES} bytes: ${path}`);
  }
  const bytes = new Uint8Array(2 + text.length + 1);
  bytes[0] = AF_UNIX;
  bytes.set(text, 2);
  return bytes;
}
