/**
 * What the proxy needs of the machine: listen, dial, relay. Decisions are made elsewhere, with
 * any engine behind this interface.
 */
import type { HostAddress } from "./conf/mod.ts";
import type { Opening } from "./opening.ts";

/** A buffer of bytes as sockets take it. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** An open TCP connection. Methods reject when the connection broke or was closed. */
export interface Connection {
  readonly local: HostAddress;
  readonly remote: HostAddress;
  /** Number of bytes read into `buffer`, at least one; `null` at the end of the stream. */
  read(buffer: Bytes): Promise<number | null>;
  /** Number of bytes written, perhaps not all. */
  write(data: Uint8Array): Promise<number>;
  /** Ends the outgoing direction only. */
  closeWrite(): Promise<void>;
  /** Closes both directions; more calls do nothing. Bytes that wait unread make it a reset. */
  close(): void;
  /** Closes both directions with a reset where the engine can make one, else like `close`. */
  reset(): void;
}

/** Why a dial failed. */
export class DialError extends Error {
  override readonly name = "DialError";
  /**
   * @param kind `refused`: the host said no. `silent`: it did not answer in time or can't be reached.
   * `local`: this machine could not try (no sockets or ports left).
   */
  constructor(
    readonly kind: "refused" | "silent" | "local",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What happens before all bytes are passed on unseen. */
export interface RelayStart {
  /** Looks at the client's first bytes. */
  readonly opening?: Opening;
  /** Bytes that the client sent already. */
  readonly toTarget?: Uint8Array;
  /** Bytes that the target sent already. */
  readonly toClient?: Uint8Array;
  /** Without a byte in either direction for this many milliseconds, the relay ends; 0 means never. */
  readonly idleMs?: number;
}

/** How a relay came to its end; a reset of one end was passed on to the other. */
export type RelayEnd = "closed" | "reset by client" | "reset by target" | "idle";

/** What a relay did. */
export interface RelayCount {
  /** Bytes passed on. */
  readonly toTarget: number;
  readonly toClient: number;
  readonly end: RelayEnd;
}

/** An open listener. */
export interface Listener {
  /** Ends it; connections it accepted stay. Resolves when the address is free again. */
  close(): Promise<void>;
}

/** Resolves after `ms` milliseconds. */
export function pause(engine: Pick<Engine, "after">, ms: number): Promise<void> {
  return new Promise((resolve) => engine.after(ms, resolve));
}

/** Sockets, and the timers that belong to them. */
export interface Engine {
  readonly name: "deno" | "linux";
  /**
   * Listens, and gives every connection to `onConnection`, who closes it. `onTrouble` hears of a
   * failed accept; the listener goes on by itself.
   *
   * @param address Its host is a numeric address.
   * @throws When the address can't be bound.
   */
  listen(
    address: HostAddress,
    onConnection: (connection: Connection) => void,
    onTrouble: (error: unknown) => void,
  ): Listener;
  /** Connects. Rejects with {@link DialError} only; a late connection is closed. */
  dial(address: HostAddress, timeoutMs: number): Promise<Connection>;
  /** Passes bytes both ways until both ends are done, then closes both. Never rejects. */
  relay(client: Connection, target: Connection, start: RelayStart): Promise<RelayCount>;
  /**
   * Calls `action` once after `ms` milliseconds, or a little later. The returned function cancels it.
   * The timers of an engine run where its sockets do; those of Deno may be starved there.
   */
  after(ms: number, action: () => void): () => void;
  /** Connections open now, of either origin. */
  readonly count: number;
  /** Aborts every dial and closes every connection. */
  closeAll(): void;
}
