/** For tests: small TCP servers, and what a client says to them. */
import { isListening } from "../tests/loopback/mod.ts";

/** A server on a free port of `hostname`. */
export class TestServer {
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #running = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  /** Connections accepted in all. */
  accepted = 0;
  /** The most that were open at once. */
  peak = 0;

  readonly port: number;

  constructor(
    readonly hostname: string,
    serve: (conn: Deno.TcpConn) => Promise<unknown>,
    port = 0,
  ) {
    this.#listener = Deno.listen({ hostname, port });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#run(serve);
  }

  get active(): number {
    return this.#open.size;
  }

  async #run(serve: (conn: Deno.TcpConn) => Promise<unknown>) {
    for (;;) {
      let conn: Deno.TcpConn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return;
        if (!(error instanceof Deno.errors.NotConnected)) throw error;
        this.accepted++; // And reset again already: it has no address any more.
        continue;
      }
      this.accepted++;
      this.#open.add(conn);
      this.peak = Math.max(this.peak, this.active);
      const served = serve(conn).catch(() => {}).then(() => {
        this.#open.delete(conn);
        this.#running.delete(served);
        quietClose(conn);
      });
      this.#running.add(served);
    }
  }

  /** Refuses further connections; those accepted stay. */
  async stopListening(): Promise<void> {
    quietClose(this.#listener);
    await this.#accepting; // Until then the port may still take connections.
    // And as long as a process that another thread starts just now has the socket, too.
    const limit = performance.now() + 10_000;
    while (isListening(this.hostname, this.port) && performance.now() < limit) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async close(): Promise<void> {
    await this.stopListening();
    for (const conn of this.#open) quietClose(conn);
    await Promise.all(this.#running);
  }
}

/** Closes what may be closed already. */
export function quietClose(resource: { close(): void }): void {
  try {
    resource.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

export const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Writes all of `data`. */
export async function send(conn: Deno.TcpConn, data: string | Uint8Array): Promise<void> {
  let rest = typeof data === "string" ? bytesOf(data) : data;
  while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
}

/** Reads text up to and with `end`, or to the end of the stream. */
export async function receive(conn: Deno.TcpConn, end?: string): Promise<string> {
  const buffer = new Uint8Array(4096);
  let text = "";
  while (end === undefined || !text.endsWith(end)) {
    const read = await conn.read(buffer);
    if (read === null) break;
    text += new TextDecoder("latin1").decode(buffer.subarray(0, read));
  }
  return text;
}

/** Sends back what comes. */
export async function echo(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65536);
  for (;;) {
    const read = await conn.read(buffer);
    if (read === null) return;
    await send(conn, buffer.subarray(0, read));
  }
}

/** Says `name` at once, then sends back what comes. */
export const greeter = (name: string) => async (conn: Deno.TcpConn) => {
  await send(conn, `${name}\n`);
  await echo(conn);
};

/** One exchange through `ip:port`: sends `text`, ends its side, and gives all that came back. */
export async function exchange(ip: string, port: number, text: string): Promise<string> {
  using conn = await Deno.connect({ hostname: ip, port });
  await send(conn, text);
  await conn.closeWrite();
  return await receive(conn);
}

/** Whether nobody listens on `port`. One who stops just now, and resets what it has, listens still. */
export async function refuses(hostname: string, port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return false;
  } catch (error) {
    const { ConnectionRefused, ConnectionReset, NotConnected } = Deno.errors;
    if (error instanceof ConnectionRefused) return true;
    if (error instanceof ConnectionReset || error instanceof NotConnected) return false;
    throw error;
  }
}

/** An address that takes the SYN and never answers: its backlog is full. */
export async function blackHole(
  hostname: string,
  port: number,
): Promise<{ close(): Promise<void> }> {
  const options = { hostname, port, tcpBacklog: 1 };
  const listener = Deno.listen(options);
  const address = { hostname, port: listener.addr.port };
  const filler = [await Deno.connect(address), await Deno.connect(address)];
  return {
    close() {
      for (const conn of filler) quietClose(conn);
      listener.close();
      return Promise.resolve();
    },
  };
}
