/** Short connections one after another, each a request of its own, as a plain TCP client makes them. */

export interface LoadResult {
  /** How often each answer came, by its body. */
  readonly answered: ReadonlyMap<string, number>;
  /** What went wrong, one entry for each failed connection. */
  readonly failures: readonly string[];
}

/**
 * Makes connections until `until` aborts or `connections` were made.
 *
 * @param clients how many at a time
 */
export async function load(options: {
  hostname: string;
  port: number;
  clients: number;
  until?: AbortSignal;
  connections?: number;
}): Promise<LoadResult> {
  const answered = new Map<string, number>();
  const failures: string[] = [];
  let left = options.connections ?? Infinity;
  const client = async () => {
    while (left > 0 && !options.until?.aborted) {
      left--;
      try {
        const body = await once(options.hostname, options.port);
        answered.set(body, (answered.get(body) ?? 0) + 1);
      } catch (error) {
        failures.push(`${new Date().toISOString()} ${error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: options.clients }, client));
  return { answered, failures };
}

/** One connection, one request. Throws unless a whole answer of status 200 came. */
async function once(hostname: string, port: number): Promise<string> {
  using conn = await Deno.connect({ hostname, port });
  const timer = setTimeout(() => conn.close(), 60_000);
  try {
    await conn.write(
      new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`),
    );
    let text = "";
    const chunk = new Uint8Array(4096);
    const decoder = new TextDecoder();
    for (let n = await conn.read(chunk); n !== null; n = await conn.read(chunk)) {
      text += decoder.decode(chunk.subarray(0, n), { stream: true });
    }
    if (!/^HTTP\/1\.[01] 200 /.test(text)) {
      throw new Error(`answer: ${JSON.stringify(text.slice(0, 80))}`);
    }
    return text.slice(text.indexOf("\r\n\r\n") + 4).trim();
  } finally {
    clearTimeout(timer);
  }
}
