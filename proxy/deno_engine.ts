/** The engine on `Deno.listen` and `Deno.connect`: runs everywhere. */
import { BufferPool } from "./buffer_pool.ts";
import { Deadlines } from "./deadlines.ts";
import type { HostAddress } from "./conf/mod.ts";
import { dialFailure } from "./dial_failure.ts";
import {
  type Bytes,
  type Connection,
  DialError,
  type Engine,
  type Listener,
  type RelayOwner,
  type RelayProgress,
  type RelayStart,
} from "./engine.ts";
import { plainAddress } from "./proxy_header.ts";
import { splice } from "./splice.ts";

/** Pauses after failed accepts (no more open files, say), in milliseconds: doubling from first to last. */
const ACCEPT_PAUSE = { first: 5, last: 500 };

class DenoConnection implements Connection {
  #open = true;
  #local: HostAddress | undefined;
  #remote: HostAddress | undefined;

  constructor(
    private readonly conn: Deno.TcpConn,
    private readonly registry: Set<DenoConnection>,
  ) {
    registry.add(this);
    try {
      conn.setNoDelay(true);
      conn.setKeepAlive(true);
    } catch { /* The other end is gone already: the first read or write says so. */ }
  }

  get local(): HostAddress {
    return this.#local ??= plain(this.conn.localAddr);
  }

  get remote(): HostAddress {
    return this.#remote ??= plain(this.conn.remoteAddr);
  }

  read(buffer: Bytes): Promise<number | null> {
    return this.conn.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return this.conn.write(data);
  }

  readThen(buffer: Bytes, done: (read: number | null | Error) => void): void {
    this.conn.read(buffer).then(done, done);
  }

  writeThen(data: Uint8Array, done: (written: number | Error) => void): void {
    this.conn.write(data).then(done, done);
  }

  closeWrite(): Promise<void> {
    return this.conn.closeWrite();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.registry.delete(this);
    this.conn.close();
  }

  /** Deno has no way to ask for a reset. */
  reset(): void {
    this.close();
  }
}

function plain({ hostname, port }: Deno.NetAddr): HostAddress {
  return { hostname: plainAddress(hostname), port };
}

/** See {@link Engine}. Each instance counts and closes only its own connections. */
export class DenoEngine implements Engine {
  readonly name = "deno";
  readonly resets = false;
  readonly #connections = new Set<DenoConnection>();
  readonly #deadlines = new Deadlines();
  readonly #pool = new BufferPool();

  get count(): number {
    return this.#connections.size;
  }

  listen(
    { hostname, port }: HostAddress,
    onConnection: (connection: Connection) => void,
    onTrouble: (error: unknown) => void,
  ): Listener {
    const listener = Deno.listen({ hostname, port });
    let open = true;
    let wake = () => {};
    const pause = (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    const acceptAll = async () => {
      let pauseMs = ACCEPT_PAUSE.first;
      while (open) {
        try {
          onConnection(new DenoConnection(await listener.accept(), this.#connections));
          pauseMs = ACCEPT_PAUSE.first;
        } catch (error) {
          if (!open) return;
          if (error instanceof Deno.errors.NotConnected) continue; // Reset before it was accepted.
          onTrouble(error);
          await pause(pauseMs);
          pauseMs = Math.min(pauseMs * 2, ACCEPT_PAUSE.last);
        }
      }
    };
    const ended = acceptAll();
    return {
      close: () => {
        if (open) {
          open = false;
          listener.close();
          wake();
        }
        return ended;
      },
    };
  }

  dial(
    address: HostAddress,
    timeoutMs: number,
    done: (dialled: Connection | DialError) => void,
  ): void {
    this.#dial(address, timeoutMs).then(done, done);
  }

  /** Rejects with {@link DialError} only. */
  async #dial({ hostname, port }: HostAddress, timeoutMs: number): Promise<Connection> {
    const deadline = this.#deadlines.enter(timeoutMs);
    let conn: Deno.TcpConn;
    try {
      conn = await Deno.connect({ hostname, port, signal: deadline.signal });
    } catch (error) {
      const where = `${hostname}:${port}`;
      if (deadline.over) {
        throw new DialError("silent", `no answer from ${where} within ${timeoutMs} ms`);
      }
      throw dialFailure(where, error);
    } finally {
      deadline.leave();
    }
    const connection = new DenoConnection(conn, this.#connections);
    const { localAddr, remoteAddr } = conn;
    // The kernel connects a port nobody listens on to itself when it picks it as the local port too.
    if (localAddr.port === remoteAddr.port && localAddr.hostname === remoteAddr.hostname) {
      connection.close();
      throw new DialError("refused", `${hostname}:${port} connected to itself`);
    }
    return connection;
  }

  relay(
    client: Connection,
    target: Connection,
    start: RelayStart,
    owner: RelayOwner,
  ): RelayProgress {
    const count = { toTarget: 0, toClient: 0 };
    splice(client, target, start, this.#pool, count).then((end) => owner.relayEnded(end));
    return count;
  }

  /** Deno shows nothing of what this would take. */
  resetLost(): void {}

  after(ms: number, action: () => void): () => void {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  }

  closeAll(): void {
    this.#deadlines.abortAll();
    for (const connection of [...this.#connections]) connection.close();
  }
}
