/** The engine on epoll, for one thread: its sockets never leave the kernel's calls. */
import { isWildcard } from "../address_kinds.ts";
import type { HostAddress } from "../conf/mod.ts";
import type {
  Connection,
  DialError,
  Engine,
  Listener,
  LossRule,
  RelayOwner,
  RelayProgress,
  RelayStart,
} from "../engine.ts";
import { CONNECTION_EVENTS, type ConnectionMeans, LinuxConnection } from "./connection.ts";
import { Dial } from "./dial.ts";
import { EventLoop } from "./event_loop.ts";
import type { FlowMeans } from "./flow.ts";
import { libc, whyNoLibc } from "./libc.ts";
import { type Accepting, LinuxListener, openListener } from "./listener.ts";
import { LostConnections } from "./lost.ts";
import { Pipes } from "./pipes.ts";
import { Relay } from "./relay.ts";
import { ADDRESS_BYTES, decodeAddress } from "./socket_address.ts";

/** Size of the buffer that all relays share; a stream that fills it again and again is bulk. */
const BUFFER_BYTES = 64 * 1024;

/**
 * 16 MB in all. A user without privileges has 64 MB for large pipes (`pipe-user-pages-soft`); once
 * they are used up, all its further pipes have 8 kB. Larger pipes mean fewer calls for each GB.
 */
const PIPES = 32;
const PIPE_BYTES = 512 * 1024;

export interface LinuxEngineOptions {
  /** How many bulk streams are spliced at the same time; 32 by default. Others are copied. */
  readonly pipes?: number;
  /** Size of their buffers in the kernel; by default 512 kB, and when 0 the kernel's own, 64 kB. */
  readonly pipeBytes?: number;
}

/** An open listener, with its socket: another process may take that over. */
export interface LinuxListening extends Listener {
  readonly fd: number;
}

/**
 * See {@link Engine}. Nothing happens unless `run` runs, and all calls come from its thread.
 * Each instance counts and closes only its own connections.
 */
export class LinuxEngine implements Engine {
  readonly name = "linux";
  readonly resets = true;
  readonly #loop = new EventLoop();
  readonly #connections = new Set<LinuxConnection>();
  readonly #dials = new Set<Dial>();
  readonly #means: FlowMeans;
  readonly #common: ConnectionMeans;
  readonly #lost: LostConnections;

  /** @throws SystemError Without free file descriptors. Ask {@link supported} first. */
  constructor(options: LinuxEngineOptions = {}) {
    this.#common = { libc: libc(), loop: this.#loop, registry: this.#connections };
    this.#lost = new LostConnections(this.#connections, libc(), this.#loop);
    this.#means = {
      loop: this.#loop,
      pipes: new Pipes(options.pipes ?? PIPES, options.pipeBytes ?? PIPE_BYTES),
      buffer: new Uint8Array(BUFFER_BYTES),
    };
  }

  /** Why this engine can't run here; `undefined` when it can. */
  static supported(): string | undefined {
    return whyNoLibc();
  }

  get count(): number {
    return this.#connections.size;
  }

  /** Give it to `wake` in any thread, after a message to this one or an abort: then `run` hears of it. */
  get wakeFd(): number {
    return this.#loop.wakeFd;
  }

  /**
   * Serves until `signal` is aborted.
   *
   * @param shared Whether the thread has timers and files of its own to attend to, as that of a
   * test has. Else it sleeps in the kernel, and only a wake makes it look at messages.
   */
  run(signal: AbortSignal, shared = false): Promise<void> {
    return this.#loop.run(signal, shared);
  }

  /** Gives back what the engine itself needed. After `run` ended, and all listeners are closed. */
  dispose(): void {
    this.closeAll();
    this.#means.pipes.close();
    this.#loop.close();
  }

  listen(
    address: HostAddress,
    onConnection: (connection: Connection) => void,
    onTrouble: (error: unknown) => void,
  ): LinuxListening {
    return this.adopt(openListener(address), onConnection, onTrouble);
  }

  /**
   * Listens with a socket that listens already, as one from another process; it is closed with the
   * listener, and in case of an error.
   *
   * @throws SystemError When it can't be watched.
   */
  adopt(
    fd: number,
    onConnection: (connection: Connection) => void,
    onTrouble: (error: unknown) => void,
  ): LinuxListening {
    try {
      return new LinuxListener(fd, 0, this.#accepting(onConnection, onTrouble, false));
    } catch (error) {
      libc().close(fd);
      throw error;
    }
  }

  /**
   * For listening sockets that other threads accept from too. They stay open when the listener is
   * closed, and are closed by who opened them, after all have closed theirs.
   *
   * @param onConnection Hears of the port, too.
   * @returns What accepts from one of them. It throws SystemError when that can't be watched.
   */
  acceptor(
    onConnection: (connection: Connection, port: number) => void,
    onTrouble: (error: unknown) => void,
  ): (fd: number, port: number) => Listener {
    const accepting = this.#accepting(onConnection, onTrouble, true);
    return (fd, port) => new LinuxListener(fd, port, accepting);
  }

  dial(
    address: HostAddress,
    timeoutMs: number,
    done: (dialled: Connection | DialError) => void,
  ): void {
    const settle = (dialled: Connection | DialError) => {
      this.#dials.delete(dial);
      this.#loop.calls();
      done(dialled);
    };
    const connected = (fd: number, events: number) => {
      this.#lost.watch(fd, address.hostname);
      const connection = new LinuxConnection(fd, address, this.#common);
      this.#loop.epoll.replace(fd, connection);
      connection.ready(events);
      settle(connection);
    };
    const dial = new Dial(address, timeoutMs, this.#loop, connected, settle);
    this.#dials.add(dial);
    dial.start();
  }

  relay(
    client: Connection,
    target: Connection,
    start: RelayStart,
    owner: RelayOwner,
  ): RelayProgress {
    if (!(client instanceof LinuxConnection && target instanceof LinuxConnection)) {
      throw new TypeError("A relay joins connections of its own engine");
    }
    return new Relay(client, target, start, this.#means, owner);
  }

  resetLost(rule: LossRule): void {
    this.#lost.follow(rule);
  }

  after(ms: number, action: () => void): () => void {
    return this.#loop.after(ms, action);
  }

  closeAll(): void {
    for (const dial of [...this.#dials]) dial.abort();
    for (const connection of [...this.#connections]) connection.close();
  }

  #accepting(
    onConnection: (connection: Connection, port: number) => void,
    onTrouble: (error: unknown) => void,
    shared: boolean,
  ): Accepting {
    const accepted: Accepting["accepted"] = (socket, remote, listener) => {
      if (listener.local === null) listener.local = addressOf(listener.fd);
      const connection = this.#connect(socket, decodeAddress(remote), listener.local);
      onConnection(connection, listener.port);
    };
    return { libc: libc(), loop: this.#loop, accepted, onTrouble, shared };
  }

  #connect(fd: number, remote: HostAddress, local?: HostAddress): LinuxConnection {
    if (remote.hostname !== local?.hostname) this.#lost.watch(fd, remote.hostname);
    const connection = new LinuxConnection(fd, remote, this.#common, local);
    try {
      this.#loop.epoll.add(fd, CONNECTION_EVENTS, connection);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }
}

/** Where the connections that `fd` accepts have their own end; `undefined` when it takes those of all addresses. */
function addressOf(fd: number): HostAddress | undefined {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  if (libc().getsockname(fd, bytes, new Uint32Array([bytes.length])) < 0) return undefined;
  const address = decodeAddress(bytes);
  return isWildcard(address.hostname) ? undefined : address;
}
