/**
 * A client outside of the cluster that never stops asking, over new and kept connections, by HTTP/1.1 with
 * and without TLS and by HTTP/2; until SIGTERM, when it prints a {@link LoadResult} as JSON.
 *
 *   deno run -A --unsafely-ignore-certificate-errors load_client.ts <pause in ms> <patience in ms> <address>...
 */
import { connectHttp1, connectHttp2, type Connection } from "./load_connections.ts";

/** Requests of a connection that is kept. */
const REQUESTS = 40;

export interface LoadFailure {
  /** When the request began. */
  readonly at: string;
  readonly kind: string;
  readonly address: string;
  /** Which one it was on its connection. */
  readonly request: number;
  readonly error: string;
}

export interface LoadResult {
  /** Answered requests and their connections, by kind. */
  readonly kinds: Readonly<Record<string, { requests: number; connections: number }>>;
  /** Answers by version. */
  readonly versions: Readonly<Record<string, number>>;
  readonly failures: readonly LoadFailure[];
  /** The versions on connections where one came again after another had answered. */
  readonly mixed: readonly string[];
}

const KINDS: Readonly<Record<string, (address: string) => Promise<Connection>>> = {
  "HTTP/1.1": (hostname) => connectHttp1(hostname, false),
  "HTTP/1.1 over TLS": (hostname) => connectHttp1(hostname, true),
  "HTTP/2": connectHttp2,
};

/** Whether a version comes again after another one. */
export function isMixed(versions: readonly string[]): boolean {
  const runs = versions.filter((each, index) => each !== versions[index - 1]);
  return new Set(runs).size < runs.length;
}

class Load {
  readonly #kinds: Record<string, { requests: number; connections: number }> = {};
  readonly #versions: Record<string, number> = {};
  readonly #failures: LoadFailure[] = [];
  readonly #mixed: string[] = [];
  stopped = false;

  /** @param patienceMs An answer that takes longer counts as none. */
  constructor(
    readonly addresses: readonly string[],
    readonly pauseMs: number,
    readonly patienceMs: number,
  ) {}

  async run(): Promise<LoadResult> {
    await Promise.all(
      Object.entries(KINDS).flatMap(([name, connect]) => [
        this.#client(`${name}, new`, 1, connect),
        this.#client(`${name}, kept`, REQUESTS, connect),
      ]),
    );
    return {
      kinds: this.#kinds,
      versions: this.#versions,
      failures: this.#failures,
      mixed: this.#mixed,
    };
  }

  async #client(
    kind: string,
    requests: number,
    connect: (address: string) => Promise<Connection>,
  ): Promise<void> {
    this.#kinds[kind] = { requests: 0, connections: 0 };
    for (let turn = 0; !this.stopped; turn++) {
      const address = this.addresses[turn % this.addresses.length]!;
      const versions: string[] = [];
      let at = new Date().toISOString();
      let connection: Connection | undefined;
      try {
        connection = await within(this.patienceMs, connect(address));
        this.#kinds[kind].connections++;
        for (let left = requests; left > 0 && connection.open; left--) {
          const last = left === 1 || this.stopped;
          at = new Date().toISOString();
          const asked = connection.ask(last, (version) => {
            versions.push(version);
            this.#kinds[kind]!.requests++;
            this.#versions[version] = (this.#versions[version] ?? 0) + 1;
          });
          await within(this.patienceMs, asked);
          if (last) break;
          await this.#pause();
        }
      } catch (error) {
        this.#failures.push({ at, kind, address, request: versions.length + 1, error: `${error}` });
      }
      connection?.close();
      if (isMixed(versions)) this.#mixed.push(`${kind}: ${versions.join(" ")}`);
      await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.pauseMs));
  }
}

async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

if (import.meta.main) {
  const [pauseMs, patienceMs, ...addresses] = Deno.args;
  const load = new Load(addresses, Number(pauseMs), Number(patienceMs));
  Deno.addSignalListener("SIGTERM", () => load.stopped = true);
  console.log(JSON.stringify(await load.run()));
  // What a connection that failed has left may keep the process.
  Deno.exit();
}
