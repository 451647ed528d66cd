/** Sends datagrams to a unix socket, which Deno itself can only do with an unstable flag. */

const AF_UNIX = 1;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
/** Bytes of a path in a unix address, its closing zero not counted. */
const PATH_BYTES = 107;

const LIBC = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
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

/** The way to one datagram socket. */
export interface Datagrams extends Disposable {
  /** Never waits: what cannot be delivered at once is lost, which the result says. */
  send(text: string): boolean;
}

/**
 * Opens the way to the datagram socket `name`.
 *
 * @throws when `name` is no address, or the system gives no socket
 */
export function openDatagrams(name: string): Datagrams {
  const address = socketAddress(name);
  if (!address) throw new Error(`"${name}" is no path or @name of a socket`);
  const library = Deno.dlopen("libc.so.6", LIBC);
  const libc = library.symbols;
  const socket = libc.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  if (socket < 0) throw new Error("The system gives no unix datagram socket");
  return {
    send: (text) => {
      const bytes = new TextEncoder().encode(text);
      const [flags, length] = [MSG_DONTWAIT_NOSIGNAL, BigInt(bytes.length)];
      return libc.sendto(socket, bytes, length, flags, address, address.length) === length;
    },
    [Symbol.dispose]: () => {
      libc.close(socket);
      library.close();
    },
  };
}
