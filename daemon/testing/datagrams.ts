/** A real unix datagram socket that listens, as systemd's for sd_notify does. */
import { socketAddress } from "../systemd/notify_socket.ts";

const AF_UNIX = 1;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;

const LIBC = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

export class DatagramListener implements Disposable {
  readonly #libc = Deno.dlopen("libc.so.6", LIBC);
  readonly #socket: number;
  readonly #received: string[] = [];

  /** @param name a path, or `@name` */
  constructor(readonly name: string) {
    const address = socketAddress(name)!;
    this.#socket = this.#libc.symbols.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
    if (this.#libc.symbols.bind(this.#socket, address, address.length)) {
      throw new Error(`Cannot listen at ${name}`);
    }
  }

  /** All that came until now, in order. */
  received(): readonly string[] {
    const buffer = new Uint8Array(4096);
    for (;;) {
      const length = this.#libc.symbols.recv(this.#socket, buffer, BigInt(buffer.length), 0);
      if (length < 0n) return this.#received;
      this.#received.push(new TextDecoder().decode(buffer.subarray(0, Number(length))));
    }
  }

  [Symbol.dispose](): void {
    this.#libc.symbols.close(this.#socket);
    this.#libc.close();
  }
}
