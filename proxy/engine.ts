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
  /** {@link read} that calls back, perhaps before this returns. */
  readThen(buffer: Bytes, done: (read: number | null | Error) => void): void;
  /** {@link write} that calls back, perhaps before this returns. */
  writeThen(data: Uint8Array, done: (written: number | Error) => void): void;
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

/** The bytes that a relay passed on so far. */
export interface RelayProgress {
  readonly toTarget: number;
  readonly toClient: number;
}

/** What a relay did. */
export interface RelayCount extends RelayProgress {
  readonly end: RelayEnd;
}

/** Hears once of the end of a relay, when both connections are closed. */
export interface RelayOwner {
  relayEnded(count: RelayCount): void;
}

/** When a connection counts as lost. */
export interface LossRule {
  /** The addresses of this machine; connections with them never are. */
  readonly own: readonly string[];
  /** The other end acknowledged nothing for this many milliseconds, though it was asked to; 0 for never. */
  readonly silentMs: number;
  /** Hears the address of the other end, once for each connection that is lost. */
  readonly onLost: (hostname: string) => void;
}

/** An open listener. */
export interface Listener {
  /** Ends it; connections it accepted stay. Resolves when the address is free again. */
  close(): Promise<void>;
}

/** Writes all of `data`; `done` hears whether it could, perhaps before this returns. */
export function sendAll(
  connection: Connection,
  data: Uint8Array,
  done: (sent: boolean) => void,
): void {
  connection.writeThen(data, (written) => {
    if (typeof written !== "number") done(false);
    else if (written === data.length) done(true);
    else sendAll(connection, data.subarray(written), done);
  });
}

/** Resolves after `ms` milliseconds. */
export function pause(engine: Pick<Engine, "after">, ms: number): Promise<void> {
  return new Promise((resolve) => engine.after(ms, resolve));
}

/** {@link Engine.dial} as a promise. Rejects with {@link DialError} only. */
export function dial(
  engine: Pick<Engine, "dial">,
  address: HostAddress,
  timeoutMs: number,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    engine.dial(address, timeoutMs, (dialled) => {
      if (dialled instanceof DialError) reject(dialled);
      else resolve(dialled);
    });
  });
}

/** Relays as `relay` of {@link Engine} does, and resolves at the end. */
export function relayed(
  engine: Pick<Engine, "relay">,
  client: Connection,
  target: Connection,
  start: RelayStart,
): Promise<RelayCount> {
  return new Promise((relayEnded) => void engine.relay(client, target, start, { relayEnded }));
}

/**
 * Sockets, and the timers that belong to them. What nearly every connection goes through calls back
 * instead of giving a promise: at ten thousand connections per second that shows.
 */
export interface Engine {
  readonly name: "deno" | "linux";
  /** Whether `reset` of a connection is one, whatever was read from it. */
  readonly resets: boolean;
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
  /**
   * Connects. `done` hears once of the connection, or why there is none; perhaps before this returns.
   * A late connection is closed.
   */
  dial(
    address: HostAddress,
    timeoutMs: number,
    done: (dialled: Connection | DialError) => void,
  ): void;
  /**
   * Passes bytes both ways until both ends are done, then closes both and tells `owner`, perhaps before
   * this returns. What it returns tells the bytes passed on at any time.
   */
  relay(
    client: Connection,
    target: Connection,
    start: RelayStart,
    owner: RelayOwner,
  ): RelayProgress;
  /**
   * From now on connections that are lost are reset, as if the other end had done it. Only the Linux
   * engine can tell; with the other one, the kernel ends them in its own time.
   */
  resetLost(rule: LossRule): void;
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
