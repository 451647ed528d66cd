/** Packets over a unix socket that carry open file descriptors with them (`SCM_RIGHTS`). */
import { EAGAIN, EINTR, SystemError } from "./errno.ts";
import { libc, MSG_NOSIGNAL, SOL_SOCKET } from "./libc.ts";

/** Descriptors that fit into one packet; the kernel's limit is 253. */
export const PACKET_FDS = 250;
/** Bytes of text that fit into one packet. */
const PACKET_BYTES = 32 * 1024;

const SCM_RIGHTS = 1;
const MSG_CTRUNC = 0x8;
const MSG_CMSG_CLOEXEC = 0x40000000;
/** `struct cmsghdr`: length, level, type; what it carries comes behind it. */
const CMSG_BYTES = 16;
const MSGHDR_BYTES = 56;
/** Where a `struct msghdr` has these. */
const AT = { iov: 16, iovLength: 24, control: 32, controlLength: 40, flags: 48 };

export interface Packet {
  readonly text: string;
  readonly fds: readonly number[];
}

/**
 * Sends `packet`; `false` when the socket has no room just now.
 *
 * @throws SystemError
 */
export function sendPacket(socket: number, { text, fds }: Packet): boolean {
  const data = bytes(new TextEncoder().encode(text));
  const control = bytes(CMSG_BYTES + 4 * fds.length + 4 * (fds.length % 2));
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(CMSG_BYTES + 4 * fds.length), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  fds.forEach((fd, index) => view.setInt32(CMSG_BYTES + 4 * index, fd, true));
  const message = new Message(data, fds.length > 0 ? control : bytes(0));
  for (;;) {
    if (libc().sendmsg(socket, message.header, MSG_NOSIGNAL) >= 0) return true;
    const errno = libc().errno();
    if (errno === EAGAIN) return false;
    if (errno !== EINTR) throw new SystemError("Cannot send file descriptors", errno);
  }
}

/**
 * The next packet, `"end"` when there will be none, `undefined` when there is none yet. Whoever
 * gets it closes its descriptors.
 *
 * @throws SystemError, or Error when this process has no room for all descriptors; then it has none.
 */
export function receivePacket(socket: number): Packet | "end" | undefined {
  const data = bytes(PACKET_BYTES);
  const control = bytes(CMSG_BYTES + 4 * PACKET_FDS);
  const message = new Message(data, control);
  let length: number;
  while ((length = libc().recvmsg(socket, message.header, MSG_CMSG_CLOEXEC)) < 0) {
    const errno = libc().errno();
    if (errno === EAGAIN) return undefined;
    if (errno !== EINTR) throw new SystemError("Cannot receive file descriptors", errno);
  }
  if (length === 0) return "end";
  const fds = descriptorsIn(control, message.controlLength);
  if (message.flags & MSG_CTRUNC) {
    for (const fd of fds) libc().close(fd);
    throw new Error(
      "Cannot receive all file descriptors: raise the limit of open files (ulimit -n)",
    );
  }
  return { text: new TextDecoder().decode(data.subarray(0, length)), fds };
}

function descriptorsIn(control: Uint8Array, length: number): number[] {
  if (length < CMSG_BYTES) return [];
  const view = new DataView(control.buffer);
  const isRights = view.getInt32(8, true) === SOL_SOCKET && view.getInt32(12, true) === SCM_RIGHTS;
  if (!isRights) return [];
  const count = (Number(view.getBigUint64(0, true)) - CMSG_BYTES) / 4;
  return Array.from({ length: count }, (_, index) => view.getInt32(CMSG_BYTES + 4 * index, true));
}

/** A `struct msghdr` with one `struct iovec`, for the buffers given. */
class Message {
  readonly header = bytes(MSGHDR_BYTES);
  readonly #iov = bytes(16);
  readonly #view = new DataView(this.header.buffer);

  constructor(
    private readonly data: Uint8Array<ArrayBuffer>,
    private readonly control: Uint8Array<ArrayBuffer>,
  ) {
    const iov = new DataView(this.#iov.buffer);
    iov.setBigUint64(0, addressOf(this.data), true);
    iov.setBigUint64(8, BigInt(this.data.length), true);
    this.#view.setBigUint64(AT.iov, addressOf(this.#iov), true);
    this.#view.setBigUint64(AT.iovLength, 1n, true);
    this.#view.setBigUint64(AT.control, addressOf(this.control), true);
    this.#view.setBigUint64(AT.controlLength, BigInt(this.control.length), true);
  }

  get controlLength(): number {
    return Number(this.#view.getBigUint64(AT.controlLength, true));
  }

  get flags(): number {
    return this.#view.getInt32(AT.flags, true);
  }
}

/** Bytes that stay where they are: small arrays without a buffer of their own may be moved. */
function bytes(content: number | Uint8Array): Uint8Array<ArrayBuffer> {
  if (typeof content === "number") return new Uint8Array(new ArrayBuffer(content));
  const copy = new Uint8Array(new ArrayBuffer(content.length));
  copy.set(content);
  return copy;
}

function addressOf(data: Uint8Array<ArrayBuffer>): bigint {
  return data.length === 0 ? 0n : Deno.UnsafePointer.value(Deno.UnsafePointer.of(data));
}
