/**
 * Listening sockets from an old process to its successor, so that a restart refuses no connection.
 *
 * The old process gives what it listens on at a unix socket. The new one takes it, starts to accept,
 * and confirms; until then, the old one goes on as if nothing had happened. After that the old one
 * closes its listeners, which are open in the new one, and drains. Until its end it tells the new one
 * how many connections it still has. Where it heard that itself of processes before it, the new one
 * gets its end of those talks.
 */
import type { Held } from "../ceilings.ts";
import type { HostAddress } from "../conf/mod.ts";
import { EPOLLIN } from "./epoll.ts";
import { SystemError } from "./errno.ts";
import { HeldLink, type HeldPacket, packetsOfHeld } from "./held_link.ts";
import { libc, SOCK_CLOEXEC, SOCK_NONBLOCK } from "./libc.ts";
import { type Packet, PACKET_FDS } from "./scm_rights.ts";
import { unixAddress, UnixSocket } from "./unix_packets.ts";

/** A socket that listens on `address`. */
export interface OpenListener {
  readonly fd: number;
  readonly address: HostAddress;
}

/** What was taken; all its descriptors belong to the taker. */
export interface Taken {
  readonly listeners: OpenListener[];
  /** The old process, and those before it that had not ended. */
  readonly links: readonly HeldLink[];
  /**
   * Tells the old process that all are served from now on, if it is there still.
   *
   * @throws Error when it waits for that no more, but goes on itself.
   */
  confirm(): Promise<void>;
  /** Ends all talks; without `confirm` before it, the old process stays in charge. */
  close(): void;
}

/** What a process leaves beside its listeners. */
export interface Bequest {
  /** What it may have from now on. */
  readonly held: readonly Held[];
  /** Those before it: the socket of the talk with each, and what it may have. */
  readonly before: readonly { readonly fd: number; readonly held: readonly Held[] }[];
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
/** The answer to it. */
const SUCCEEDED = "succeeded";
const WITHDRAWN = "withdrawn";

/**
 * Gives `listeners` to the first process of the same user that takes them at the unix socket `path`,
 * which is made for that and removed.
 *
 * @param path Absent, in a directory that only this user may write.
 * @param begin Called when somebody takes them.
 * @param timeoutMs For all of it, until the other process confirmed.
 * @throws Error when nobody took and confirmed them in time. Nothing has changed then.
 */
export async function giveListeners(
  path: string,
  listeners: readonly OpenListener[],
  begin: () => Promise<Bequest>,
  timeoutMs: number,
): Promise<HandedOver> {
  const deadline = performance.now() + timeoutMs;
  using server = UnixSocket.open();
  const address = unixAddress(path);
  if (libc().bind(server.fd, address, address.length) < 0 || libc().listen(server.fd, 1) < 0) {
    throw new SystemError(`Cannot give listeners at ${path}`, libc().errno());
  }
  try {
    await Deno.chmod(path, 0o600);
    await server.ready(EPOLLIN, deadline, "nobody took the listeners");
    const fd = libc().accept4(server.fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) throw new SystemError("Cannot accept who takes listeners", libc().errno());
    return await giveTo(new UnixSocket(fd), listeners, begin, deadline);
  } finally {
    await Deno.remove(path);
  }
}

async function giveTo(
  taker: UnixSocket,
  listeners: readonly OpenListener[],
  begin: () => Promise<Bequest>,
  deadline: number,
): Promise<HandedOver> {
  try {
    taker.checkUser();
    const { held, before } = await begin();
    const packets = [...packetsOf(listeners), ...packetsOfHeld(held), packetOfLinks(before)];
    before.forEach((link, index) => packets.push(...packetsOfHeld(link.held, index + 1)));
    await taker.send([...packets, { text: ALL_SENT, fds: [] }], deadline);
    const answer = await taker.receive(deadline);
    if (answer === "end" || answer.text !== CONFIRMED) {
      throw new Error("The process that took the listeners ended before it served them");
    }
    taker.say(SUCCEEDED);
  } catch (error) {
    taker.say(WITHDRAWN);
    taker.close();
    throw error;
  }
  return {
    tell: (held) => taker.send(packetsOfHeld(held)),
    close: () => taker.close(),
  };
}

/**
 * Takes the listeners that another process of the same user gives at the unix socket `path`.
 *
 * @param timeoutMs For all of it.
 * @throws Error when nobody gives any there; none is left open then.
 */
export async function takeListeners(path: string, timeoutMs: number): Promise<Taken> {
  const deadline = performance.now() + timeoutMs;
  const socket = UnixSocket.open();
  const listeners: OpenListener[] = [];
  const talks = [socket];
  const held: Held[][] = [];
  try {
    const address = unixAddress(path);
    if (libc().connect(socket.fd, address, address.length) < 0) {
      throw new SystemError(`Cannot take listeners at ${path}`, libc().errno());
    }
    socket.checkUser();
    for (;;) {
      const packet = await socket.receive(deadline);
      if (packet === "end" || packet.text === WITHDRAWN) {
        throw new Error("The process that gave its listeners ended amid it");
      }
      if (packet.text === ALL_SENT) break;
      const told = JSON.parse(packet.text) as HostAddress[] | HeldPacket | typeof LINKS;
      if ("links" in told) talks.push(...packet.fds.map((fd) => new UnixSocket(fd)));
      else if ("held" in told) (held[told.of] ??= []).push(...told.held);
      else packet.fds.forEach((fd, index) => listeners.push({ fd, address: told[index]! }));
    }
  } catch (error) {
    for (const { fd } of listeners) libc().close(fd);
    for (const talk of talks) talk.close();
    throw error;
  }
  const links = talks.map((talk, index) => new HeldLink(talk, held[index] ?? []));
  return {
    listeners,
    links,
    confirm: () => confirm(socket),
    close: () => links.forEach((link) => link.close()),
  };
}

/** The old process may have ended meanwhile: then nobody else has the listeners, either. */
async function confirm(socket: UnixSocket): Promise<void> {
  socket.say(CONFIRMED);
  const answer = await socket.receive();
  if (answer !== "end" && answer.text === WITHDRAWN) {
    throw new Error("The other process did not wait until its listeners were served");
  }
}

/** The text of the packet with the sockets of talks. */
const LINKS = { links: true };

function packetOfLinks(before: Bequest["before"]): Packet {
  return { text: JSON.stringify(LINKS), fds: before.map(({ fd }) => fd) };
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
