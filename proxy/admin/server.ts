/**
 * Tells about the proxy over HTTP: status and metrics on a unix socket, metrics also over TCP where
 * METRICS says so. Trouble here is reported and tried again; it never ends the proxy.
 */
import { messageOf } from "../error_message.ts";
import { formatHostAddress, type HostAddress } from "../conf/mod.ts";
import type { Log } from "../log.ts";
import { Door } from "./door.ts";
import { type Handler, serveTcp, serveUnix } from "./http_listener.ts";
import { formatPrometheus, PROMETHEUS_TYPE } from "./prometheus.ts";
import type { Applicant } from "../succession.ts";
import type { TakeoverAnswer } from "./client.ts";
import type { MetricsSnapshot } from "./snapshot.ts";
import type { ProxyStatus } from "./status.ts";

/** Who knows what is asked for. */
export interface AdminSource {
  status(): Promise<ProxyStatus>;
  metrics(): Promise<MetricsSnapshot>;
  /** Gives the listening sockets away, or says why not. */
  giveTo(applicant: Applicant): TakeoverAnswer;
}

/** Where to listen. */
export interface AdminAddresses {
  /** Absolute path of the unix socket; `undefined` for none. */
  readonly socket: string | undefined;
  /** For Prometheus; `undefined` for none. */
  readonly metrics: HostAddress | undefined;
}

/** How often what is not open is tried again, and a socket that was removed is made again; in milliseconds. */
const RETRY_MS = 5000;
/** How long threads may take to tell, in milliseconds. */
const ANSWER_MS = 5000;

/** See above. */
export class AdminServer {
  readonly #routes: ReadonlyMap<string, (request: Request) => Promise<Response>>;
  readonly #log: Log;
  #socket: Door | undefined;
  #metrics: Door | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  /** One change at a time; later ones wait for it. */
  #changing: Promise<void> = Promise.resolve();
  #closed = false;

  /** @param replace Whether to take the socket from a process that this one takes over from. */
  constructor(
    source: AdminSource,
    log: Log,
    private readonly replace: boolean,
    retryMs = RETRY_MS,
  ) {
    this.#log = log;
    const metrics = shared(async () => formatPrometheus(await source.metrics()));
    this.#routes = new Map<string, (request: Request) => Promise<Response>>([
      [
        "POST /takeover",
        async (request) => Response.json(source.giveTo(await request.json())),
      ],
      ["GET /status", async () => Response.json(await source.status())],
      [
        "GET /metrics",
        async () => new Response(await metrics(), { headers: { "content-type": PROMETHEUS_TYPE } }),
      ],
    ]);
    this.#timer = setInterval(() => void this.#change(() => this.#look()), retryMs);
  }

  /** Listens there, and no more where it did before. Resolves when that was tried once. */
  follow({ socket, metrics }: AdminAddresses): Promise<void> {
    return this.#change(async () => {
      if (this.#socket?.address !== socket) {
        await this.#socket?.close();
        const handler = this.#handler((path) => this.#routes.has(path));
        this.#socket = socket === undefined
          ? undefined
          : new Door(socket, () => serveUnix(socket, handler, this.replace), this.#log);
      }
      const address = metrics && formatHostAddress(metrics);
      if (this.#metrics?.address !== address) {
        await this.#metrics?.close();
        const handler = this.#handler((path) => path === "GET /metrics");
        this.#metrics = metrics &&
          new Door(`${address}`, () => Promise.resolve(serveTcp(metrics, handler)), this.#log);
      }
      await this.#look();
    });
  }

  /** Ends it; requests under way are cut off. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#change(async () => {
      this.#closed = true;
      await Promise.all([this.#socket?.close(), this.#metrics?.close()]);
    });
  }

  #change(work: () => Promise<void>): Promise<void> {
    this.#changing = this.#changing.then(() => this.#closed ? undefined : work()).catch((error) =>
      this.#log.error("Cannot listen for questions", { error: String(error) })
    );
    return this.#changing;
  }

  async #look(): Promise<void> {
    await Promise.all([this.#socket?.look(), this.#metrics?.look()]);
  }

  #handler(allows: (path: string) => boolean): Handler {
    return async (request) => {
      const path = `${request.method} ${new URL(request.url).pathname}`;
      const route = allows(path) ? this.#routes.get(path) : undefined;
      if (!route) return new Response(`There is no ${path} here\n`, { status: 404 });
      try {
        return await inTime(route(request), ANSWER_MS);
      } catch (error) {
        const reason = messageOf(error);
        this.#log.often("Cannot answer a question", { path, error: reason });
        return new Response(`${reason}\n`, { status: 503 });
      }
    };
  }
}

/** Those who ask while `make` is at work get the same answer. */
function shared<T>(make: () => Promise<T>): () => Promise<T> {
  let making: Promise<T> | undefined;
  return () => making ??= make().finally(() => making = undefined);
}

/** Rejects when `work` takes longer than `limitMs`. */
async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new Error(`The threads that serve connections did not tell within ${limitMs} ms`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
