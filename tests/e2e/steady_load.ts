/** Clients that never stop asking: some with a connection per request, some with many requests on each. */

export interface SteadyResult {
  /** Requests that were answered, by the version in the answer. */
  readonly answered: ReadonlyMap<string, number>;
  /** What went wrong, one entry for each failed request. */
  readonly failures: readonly string[];
  /** Connections on which a version came again after another one had answered. */
  readonly mixed: number;
}

export interface SteadyOptions {
  readonly hostnames: readonly string[];
  readonly port: number;
  /** Clients with a new connection for each request. */
  readonly short: number;
  /** Clients that keep a connection for many requests. */
  readonly kept: number;
  /** Requests of a kept connection. */
  readonly requests: number;
  /** Milliseconds between the requests of a client. */
  readonly pauseMs: number;
}

/** Asks until {@link SteadyLoad.stop}; an answer is `<version> …`. */
export class SteadyLoad {
  readonly #options: SteadyOptions;
  readonly #answered = new Map<string, number>();
  readonly #failures: string[] = [];
  #mixed = 0;
  #stopped = false;
  readonly #clients: Promise<unknown>;

  constructor(options: SteadyOptions) {
    this.#options = options;
    const { short, kept, requests } = options;
    this.#clients = Promise.all([
      ...Array.from({ length: short }, (_, index) => this.#client(index, 1)),
      ...Array.from({ length: kept }, (_, index) => this.#client(index, requests)),
    ]);
  }

  async stop(): Promise<SteadyResult> {
    this.#stopped = true;
    await this.#clients;
    return { answered: this.#answered, failures: this.#failures, mixed: this.#mixed };
  }

  /** What there is so far. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  async #client(index: number, requests: number): Promise<void> {
    const { hostnames, port } = this.#options;
    const hostname = hostnames[index % hostnames.length]!;
    while (!this.#stopped) {
      const versions: string[] = [];
      try {
        await this.#connection(hostname, port, requests, versions);
      } catch (error) {
        const at = new Date().toISOString();
        this.#failures.push(`${at} request ${versions.length + 1} of ${requests}: ${error}`);
      }
      if (new Set(versions).size > 1) this.#mixed++;
    }
  }

  async #connection(hostname: string, port: number, requests: number, versions: string[]) {
    using conn = await Deno.connect({ hostname, port });
    const timer = setTimeout(() => conn.close(), 60_000);
    try {
      for (let left = requests; left > 0; left--) {
        const last = left === 1 || this.#stopped;
        const body = await ask(conn, hostname, last);
        const version = body.split(" ")[0]!;
        versions.push(version);
        this.#answered.set(version, (this.#answered.get(version) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, this.#options.pauseMs));
        if (last) return;
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

/** One request on an open connection; throws unless a whole answer of status 200 came. */
async function ask(conn: Deno.Conn, hostname: string, last: boolean): Promise<string> {
  const close = last ? "close" : "keep-alive";
  await conn.write(
    new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${hostname}\r\nConnection: ${close}\r\n\r\n`),
  );
  let text = "";
  const chunk = new Uint8Array(4096);
  for (;;) {
    const head = text.indexOf("\r\n\r\n");
    if (head >= 0) {
      if (!/^HTTP\/1\.1 200 /.test(text)) throw new Error(`answer: ${JSON.stringify(text)}`);
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1]);
      const body = text.slice(head + 4);
      if (body.length >= length) return body;
    }
    const n = await conn.read(chunk);
    if (n === null) throw new Error(`the connection ended after ${JSON.stringify(text)}`);
    text += new TextDecoder().decode(chunk.subarray(0, n));
  }
}
