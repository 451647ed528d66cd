/** Answers the CA, and our own check, at /.well-known/acme-challenge/. */
import type { Address } from "./args.ts";

export const CHALLENGE_PATH = "/.well-known/acme-challenge/";

/** Serves the answers to http-01 challenges (RFC 8555, section 8.3) while they are asked for. */
export class ChallengeServer implements AsyncDisposable {
  readonly #answers = new Map<string, string>();
  readonly #server: Deno.HttpServer;

  /** @throws Error when the address cannot be listened on. */
  constructor({ hostname, port }: Address) {
    this.#server = Deno.serve(
      { hostname, port, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  /** Answers requests for `token` with `text` until the returned object is disposed of. */
  put(token: string, text: string): Disposable {
    this.#answers.set(token, text);
    return { [Symbol.dispose]: () => void this.#answers.delete(token) };
  }

  #answer({ method, url }: Request): Response {
    const { pathname } = new URL(url);
    const token = pathname.startsWith(CHALLENGE_PATH) ? pathname.slice(CHALLENGE_PATH.length) : "";
    const text = method === "GET" ? this.#answers.get(token) : undefined;
    if (text === undefined) return new Response("Nothing is asked for here.\n", { status: 404 });
    return new Response(text, { headers: { "content-type": "application/octet-stream" } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
