/**
 * Listening sockets from an old process to its successor, so that a restart refuses no connection.
 *
 * The old process gives what it listens on at a unix socket. The new one takes it, starts to accept,
 * and confirms; until then, the old one goes on as if nothing had happened. After that the old one
 * closes its listeners, which are open in the new one, and drains. Until its end it tells the new one
 * how many connections it still has.
 */
import type { Held } from "../ceilings.ts";
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
  /** What the old process may still have. */
  readonly held: readonly Held[];
  /** Tells the old process that all are served from now on, if it is there still. */
  confirm(): void;
  /** Hears what it has from now on. Resolves when it has ended, or the talk. */
  follow(onHeld: (held: readonly Held[]) => void): Promise<void>;
  /** Ends the talk; without `confirm` before it, the old process stays in charge. */
  close(): void;
}

/** The talk with a process that took over and serves. */
export interface HandedOver {
  /** Tells it what this process may still have. @throws Error when the other one is gone. */
  tell(held: readonly Held[]): Promise<void>;
  /** All has ended here. */
  close(): void;
}

const ALL_SENT = "all";
const CONFIRMED = "confirmed";
/** Mappings told of in one packet. */
const PACKET_HELD = 1000;
/** How long telling something may take, in milliseconds. */
const TELL_MS = 10_000;
/** How often a talk without a word is looked at, in milliseconds. */
const LOOK_MS = 1000;
/** What fits into `struct sockaddr_un`. */
const PATH_BYTES = 107;

/**
 * Gives `listeners` to the first process of the same user that takes them at the unix socket `path`,
 * which is made for that and removed.
 *
 * @param path Absent, in a directory that only this user may write.
 * @param begin Called when somebody takes them: what this process may have from then on.
 * @param timeoutMs For all of it, until the other process confirmed.
 * @throws Error when nobody took and confirmed them in time. Nothing has changed then.
 */
export async function giveListeners(
  path: string,
  listeners: readonly OpenListener[],
  begin: () => Promise<readonly Held[]>,
  timeoutMs: number,
): Promise<HandedOver> {
  const deadline = performance.now() + timeoutMs;
  using server = openSocket();
  const address = unixAddress(path);
  if (libc().bind(server.fd, address, address.length) < 0 || libc().listen(server.fd, 1) < 0) {
    throw new SystemError(`Cannot give listeners at ${path}`, libc().errno());
  }
  try {
    await Deno.chmod(path, 0o600);
    await ready(server.fd, EPOLLIN, deadline, "nobody took the listeners");
    const taker = new Socket(libc().accept4(server.fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (taker.fd < 0) throw new SystemError("Cannot accept who takes listeners", libc().errno());
    try {
      checkUser(taker.fd);
      await sendAll(taker.fd, [...packetsOf(listeners), ...packetsOfHeld(await begin())], deadline);
      await sendAll(taker.fd, [{ text: ALL_SENT, fds: [] }], deadline);
      const answer = await nextPacket(taker.fd, deadline);
      if (answer === "end" || answer.text !== CONFIRMED) {
        throw new Error("The process that took the listeners ended before it served them");
      }
    } catch (error) {
      taker.close();
      throw error;
    }
    return {
      tell: (held) => sendAll(taker.fd, packetsOfHeld(held), performance.now() + TELL_MS),
      close: () => taker.close(),
    };
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
  const held: Held[] = [];
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
      const told = JSON.parse(packet.text) as HostAddress[] | HeldPacket;
      if ("held" in told) held.push(...told.held);
      else packet.fds.forEach((fd, index) => listeners.push({ fd, address: told[index]! }));
    }
  } catch (error) {
    for (const { fd } of listeners) libc().close(fd);
    socket.close();
    throw error;
  }
  return {
    listeners,
    held,
    confirm: () => confirm(socket),
    follow: (onHeld) => follow(socket, onHeld),
    close: () => socket.close(),
  };
}

/** The old process may have ended meanwhile: then nobody else has the listeners, either. */
function confirm(socket: Socket): void {
  try {
    sendPacket(socket.fd, { text: CONFIRMED, fds: [] });
  } catch (error) {
    const code = error instanceof SystemError ? error.code : undefined;
    if (code !== "EPIPE" && code !== "ECONNRESET") throw error;
  }
}

async function follow(socket: Socket, onHeld: (held: readonly Held[]) => void): Promise<void> {
  while (socket.fd >= 0) {
    const packet = receivePacket(socket.fd);
    if (packet === "end") return;
    if (packet) onHeld((JSON.parse(packet.text) as HeldPacket).held);
    else await becomes(socket.fd, EPOLLIN, LOOK_MS);
  }
}

/** The text of a packet that tells what the old process may still have. */
interface HeldPacket {
  readonly held: readonly Held[];
}

function packetsOfHeld(held: readonly Held[]): Packet[] {
  return Array.from({ length: Math.ceil(held.length / PACKET_HELD) }, (_, index) => {
    const part = held.slice(index * PACKET_HELD, (index + 1) * PACKET_HELD);
    return { text: JSON.stringify({ held: part } satisfies HeldPacket), fds: [] };
  });
}

async function sendAll(fd: number, packets: readonly Packet[], deadline: number): Promise<void> {
  for (const packet of packets) {
    while (!sendPacket(fd, packet)) {
      await ready(fd, EPOLLOUT, deadline, "the other process takes nothing");
    }
  }
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
  return packets;
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
  if (waitMs <= 0 || !await becomes(fd, events, waitMs)) {
    throw new Error(`Cannot hand listeners over: ${what} in time`);
  }
}

/** Whether `fd` gets ready within `waitMs`. */
async function becomes(fd: number, events: number, waitMs: number): Promise<boolean> {
  const request = new Int32Array(new ArrayBuffer(8));
  request.set([fd, events]);
  return await libc().poll(request, 1, waitMs) !== 0;
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
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** -1 once it is closed. */
  get fd(): number {
    return this.#fd;
  }

  close(): void {
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
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
