/** Serves /certs.tar.gz, private keys and all, to the cluster alone. */
import { createHash } from "node:crypto";
import type { Address } from "./args.ts";
import { readIfPresent } from "./files.ts";

const PATH = "/certs.tar.gz";

/**
 * Serves the file at `path`. Other hosts get to it through the proxies, which let only members of
 * the cluster pass and connect from the host's own address: whoever comes from another address came
 * past them, and gets nothing.
 *
 * @throws Error when the address cannot be listened on.
 */
export function serveBundle({ hostname, port }: Address, path: string): Deno.HttpServer {
  return Deno.serve({ hostname, port, onListen: () => {} }, async (request, { remoteAddr }) => {
    const from = remoteAddr.transport === "tcp" ? remoteAddr.hostname : "";
    if (!isOwn(from, hostname)) return plain(403, "For members of the cluster, by their proxy.");
    if (new URL(request.url).pathname !== PATH) return plain(404, `There is ${PATH} only.`);
    if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "GET it.");
    const bytes = await readIfPresent(path);
    if (bytes === undefined) return plain(503, "Not made yet.");
    const etag = `"${createHash("sha256").update(bytes).digest("hex")}"`;
    if (request.headers.get("if-none-match") === etag) {
      return new Response(null, { status: 304, headers: { etag } });
    }
    return new Response(request.method === "HEAD" ? null : bytes, {
      headers: { etag, "content-type": "application/gzip", "cache-control": "no-store" },
    });
  });
}

/** Whether `from` is an address of the host that listens on `hostname`. */
export function isOwn(from: string, hostname: string): boolean {
  return from === hostname || from === "::1" || from.startsWith("127.");
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status });
}
