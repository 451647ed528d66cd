/** For tests: the engines that have to behave alike, and connections through them on real sockets. */
import type { HostAddress } from "../conf/mod.ts";
import { DenoEngine } from "../deno_engine.ts";
import {
  type Connection,
  dial,
  type Engine,
  type Listener,
  type RelayCount,
  relayed,
  type RelayStart,
} from "../engine.ts";
import { LinuxEngine } from "../linux/linux_engine.ts";
import { freshAddress, freshPort, quietClose, sharedPort, until } from "../test_kit.ts";

/** An engine that serves, and what ends it. */
interface Running {
  readonly engine: Engine;
  stop(): Promise<void>;
}

/** Starts an engine in this thread, beside all else that runs in it. */
export function startEngine(name: string): Running {
  if (name === "deno") return { engine: new DenoEngine(), stop: () => Promise.resolve() };
  const engine = new LinuxEngine();
  const ending = new AbortController();
  const running = engine.run(ending.signal, true);
  return {
    engine,
    stop: async () => {
      ending.abort();
      await running;
      engine.dispose();
    },
  };
}

/**
 * Makes a test of `name` for each engine. When `test` is over and its connections are closed, those
 * of the engine have to end by themselves.
 *
 * @param needsLinux Whether the test itself needs what only the Linux engine can do.
 */
export function eachEngine(
  name: string,
  test: (bench: Bench) => Promise<void>,
  needsLinux = false,
): void {
  for (const engine of ["deno", "linux"]) {
    const ignore = (needsLinux || engine === "linux") && LinuxEngine.supported() !== undefined;
    Deno.test({ name: `${engine}: ${name}`, ignore, fn: () => withBench(engine, test) });
  }
}

async function withBench(name: string, test: (bench: Bench) => Promise<void>): Promise<void> {
  const { engine, stop } = startEngine(name);
  const bench = new Bench(engine);
  try {
    await test(bench);
    bench.closeEnds();
    await until(() => engine.count === 0, "all connections of the engine are closed");
  } finally {
    await bench.close();
    await stop();
  }
}

/** A client and a target, joined by a relay. */
export interface Joined {
  readonly client: Deno.TcpConn;
  readonly target: Deno.TcpConn;
  readonly ended: Promise<RelayCount>;
}

/** Makes connections through one engine; all that it makes ends with it. */
export class Bench {
  readonly hostname = freshAddress();
  readonly #resources: { close(): void }[] = [];
  readonly #listeners: Listener[] = [];
  readonly #serving = new Set<Promise<unknown>>();
  /** Makes the ends of {@link joinSharply}. */
  #sharp: Running | undefined;

  constructor(readonly engine: Engine) {}

  /** Closes `resource` at the end of the test. */
  add<Resource extends { close(): void }>(resource: Resource): Resource {
    this.#resources.push(resource);
    return resource;
  }

  /** An address that nobody listens on. */
  free(hostname = this.hostname): HostAddress {
    return { hostname, port: hostname === this.hostname ? freshPort() : sharedPort() };
  }

  /** Listens on a fresh address. */
  listen(
    serve: (connection: Connection) => Promise<unknown>,
    hostname = this.hostname,
  ): HostAddress {
    const address = this.free(hostname);
    const accepted = (connection: Connection) => {
      const served = serve(connection).finally(() => this.#serving.delete(served));
      this.#serving.add(served);
    };
    const trouble = (error: unknown) => console.error("unexpected:", error);
    this.#listeners.push(this.engine.listen(address, accepted, trouble));
    return address;
  }

  /** An address from which everything is relayed to `target`. */
  route(
    target: HostAddress,
    startOf: (client: Connection) => RelayStart = () => ({}),
    onEnd: (count: RelayCount) => void = () => {},
  ): HostAddress {
    return this.listen(async (client) => {
      const connection = await dial(this.engine, target, 10_000);
      onEnd(await relayed(this.engine, client, connection, startOf(client)));
    }, target.hostname);
  }

  /** One connection through the engine, with its two ends in the hand of the test. */
  async join(start: RelayStart = {}, hostname = this.hostname): Promise<Joined> {
    using listener = Deno.listen({ hostname, port: 0 });
    const { address, begun, ended } = this.#routeOnce(
      { hostname, port: listener.addr.port },
      start,
    );
    const [client, target] = await Promise.all([Deno.connect(address), listener.accept(), begun]);
    return { client: this.add(client), target: this.add(target), ended };
  }

  /**
   * Like {@link join}, with ends that can reset and know a reset, which those of Deno can't: closing
   * them always begins with a plain end.
   */
  async joinSharply(
    start: RelayStart = {},
  ): Promise<{ client: Connection; target: Connection; ended: Promise<RelayCount> }> {
    this.#sharp ??= startEngine("linux");
    const { engine } = this.#sharp;
    const accepted = Promise.withResolvers<Connection>();
    const there = this.free();
    const listener = engine.listen(there, accepted.resolve, accepted.reject);
    const { address, begun, ended } = this.#routeOnce(there, start);
    const client = await dial(engine, address, 10_000);
    const target = await accepted.promise;
    await Promise.all([begun, listener.close()]);
    return { client: this.add(client), target: this.add(target), ended };
  }

  #routeOnce(target: HostAddress, start: RelayStart) {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<RelayCount>();
    const startOf = () => {
      begun.resolve();
      return start;
    };
    const address = this.route(target, startOf, ended.resolve);
    return { address, begun: begun.promise, ended: ended.promise };
  }

  /** Closes the ends that tests hold. */
  closeEnds(): void {
    for (const resource of this.#resources.splice(0)) quietClose(resource);
  }

  async close(): Promise<void> {
    this.closeEnds();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    this.engine.closeAll();
    await Promise.all(this.#serving);
    await this.#sharp?.stop();
  }
}

/** Reads all; `true` when that ends by a reset. */
export async function isReset(connection: Connection): Promise<boolean> {
  const buffer = new Uint8Array(65536);
  try {
    while (await connection.read(buffer) !== null);
    return false;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ECONNRESET") return true;
    throw error;
  }
}

/** Bytes of a stream, different at each place: the same offset gives the same bytes, wherever it is cut. */
export function pattern(offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    const at = offset + index;
    bytes[index] = at ^ at >> 8 ^ at >> 16;
  }
  return bytes;
}
