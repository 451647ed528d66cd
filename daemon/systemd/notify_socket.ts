/** Sends datagrams to a unix socket, which Deno itself can only do with an unstable flag. */

const AF_UNIX = 1;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
/** Bytes of a path in a unix address, its closing zero not counted. */
const PATH_BYTES = 107;

const LIBC = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
} as const;

/**
 * The system's form of a socket's address; `@` at its beginning means the abstract name space.
 *
 * @returns `undefined` when `name` is none: empty, relative, or too long
 */
export function socketAddress(name: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new TextEncoder().encode(name);
  const abstract = name.startsWith("@") && bytes.length > 1;
  if (!abstract && !name.startsWith("/")) return undefined;
  if (bytes.length > PATH_BYTES || bytes.includes(0)) return undefined;
  const address = new Uint8Array(2 + bytes.length + (abstract ? 0 : 1));
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(bytes, 2);
  if (abstract) address[2] = 0;
  return address;
}

/**
 * Opens the way to the datagram socket `name`. Sending never waits; what cannot be delivered at once
 * is lost.
 *
 * @returns a function that says whether its text was delivered
 * @throws when `name` is no address, or the system gives no socket
 */
export function openDatagrams(name: string): (text: string) => boolean {
  const address = socketAddress(name);
  if (!address) throw new Error(`"${name}" is no path or @name of a socket`);
  const { symbols: libc } = Deno.dlopen("libc.so.6", LIBC);
  const socket = libc.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  if (socket < 0) throw new Error("The system gives no unix datagram socket");
  return (text) => {
    const bytes = new TextEncoder().encode(text);
    const flags = MSG_DONTWAIT_NOSIGNAL;
    const sent = libc.sendto(socket, bytes, BigInt(bytes.length), flags, address, address.length);
    return Number(sent) === bytes.length;
  };
}
