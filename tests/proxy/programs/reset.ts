/**
 * Clients that break off with a reset (SO_LINGER 0): `reset.ts ADDRESS PORT COUNT KIND`, one after the
 * other. `early` resets as soon as it is connected, `late` after the pod's first bytes came. Prints "done".
 */
const [address, port, count, kind] = Deno.args as [string, string, string, string];
const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32", nonblocking: true },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize", nonblocking: true },
  close: { parameters: ["i32"], result: "i32" },
});
const [AF_INET, SOCK_STREAM, SOL_SOCKET, SO_LINGER, SO_RCVTIMEO] = [2, 1, 1, 13, 20];

const where = new Uint8Array(16); // struct sockaddr_in
new DataView(where.buffer).setUint16(0, AF_INET, true);
new DataView(where.buffer).setUint16(2, Number(port));
where.set(address.split(".").map(Number), 4);
const linger = new Int32Array([1, 0]);
const patience = new BigInt64Array([5n, 0n]); // struct timeval: 5 s

async function once(): Promise<void> {
  const fd = libc.symbols.socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) throw new Error("no socket");
  libc.symbols.setsockopt(fd, SOL_SOCKET, SO_LINGER, new Uint8Array(linger.buffer), 8);
  libc.symbols.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, new Uint8Array(patience.buffer), 16);
  try {
    if (await libc.symbols.connect(fd, where, where.length) !== 0) throw new Error("no connection");
    const buffer = new Uint8Array(64);
    if (kind === "late" && await libc.symbols.recv(fd, buffer, 64n, 0) <= 0n) {
      throw new Error("no greeting");
    }
  } finally {
    libc.symbols.close(fd);
  }
}

let left = Number(count);
await Promise.all(Array.from({ length: 8 }, async () => {
  while (left-- > 0) await once();
}));
console.log("done");
libc.close();
