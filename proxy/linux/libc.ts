/**
 * The functions of the C library that the engine calls.
 *
 * `size_t` is declared as `u32` on purpose: no length here comes near 4 GB, and 64 bit integers
 * would make each call slower by 150 ns.
 */

const SYMBOLS = {
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  splice: { parameters: ["i32", "pointer", "i32", "pointer", "u32", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** Waits outside the thread that calls, so that its event loop goes on. */
const WAITING = {
  poll: { parameters: ["buffer", "u32", "i32"], result: "i32", nonblocking: true },
} as const;

export type Libc =
  & Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]
  & Deno.DynamicLibrary<typeof WAITING>["symbols"]
  & {
    /** Why the last call of this thread failed. */
    errno(): number;
  };

let loaded: Libc | undefined;

/**
 * The C library, opened once for each thread.
 *
 * @throws When it can't be opened, or `--allow-ffi` is missing.
 */
export function libc(): Libc {
  if (loaded) return loaded;
  const { symbols } = Deno.dlopen("libc.so.6", SYMBOLS);
  const waiting = Deno.dlopen("libc.so.6", WAITING).symbols;
  // errno is thread local, at an address that stays: mapped once, it is read without a call.
  const location = symbols.__errno_location();
  if (!location) throw new Error("The C library gives no address of errno");
  const errno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));
  loaded = { ...symbols, ...waiting, errno: () => errno[0]! };
  return loaded;
}

/** Why the C library can't be used here; `undefined` when it can. Asks the user nothing. */
export function whyNoLibc(): string | undefined {
  const { os, arch } = Deno.build;
  if (os !== "linux") return `it needs Linux, this is ${os}`;
  if (arch !== "x86_64" && arch !== "aarch64") return `it knows nothing about ${arch}`;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    return "it needs the permission --allow-ffi";
  }
  try {
    libc();
    return undefined;
  } catch (error) {
    return `libc.so.6 can't be used (${error instanceof Error ? error.message : error})`;
  }
}

/** Numbers of the Linux ABI, the same on x86_64 and aarch64. */
export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_KEEPALIVE = 9;
export const SO_LINGER = 13;
export const SO_PEERCRED = 17;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const TCP_KEEPCNT = 6;
export const TCP_INFO = 11;
export const MSG_NOSIGNAL = 0x4000;
/** More follows at once: bytes that fill no segment wait for it. */
export const MSG_MORE = 0x8000;
export const SHUT_WR = 1;
