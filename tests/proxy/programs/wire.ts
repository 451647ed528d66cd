/** What the programs here do with a connection. */

/** Writes all of `text`. */
export async function send(conn: Deno.TcpConn, text: string): Promise<void> {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
}

/** Reads up to and without the next line end; fails at the end of the stream. */
export async function receiveLine(conn: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(256);
  let text = "";
  while (!text.endsWith("\n")) {
    const read = await conn.read(buffer);
    if (read === null) throw new Error(`the end after ${JSON.stringify(text)}`);
    text += new TextDecoder().decode(buffer.subarray(0, read));
  }
  return text.trimEnd();
}

/** Runs `work` on `conn`, which is closed when that takes longer than `timeoutMs`. */
export async function within<T>(
  conn: Deno.TcpConn,
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    conn.close();
  }, timeoutMs);
  try {
    return await work();
  } catch (error) {
    throw late ? new Error(`nothing within ${timeoutMs} ms`) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Closes what may be closed already. */
export function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** One whole exchange with a pod: its greeting, and an echo. Gives the pod's name. */
export async function exchange(hostname: string, port: number): Promise<string> {
  const conn = await Deno.connect({ hostname, port });
  try {
    return await within(conn, 15_000, async () => {
      const name = await receiveLine(conn);
      await send(conn, "x\n");
      const back = await receiveLine(conn);
      if (back !== "x") throw new Error(`an echo of ${JSON.stringify(back)}`);
      return name;
    });
  } finally {
    close(conn);
  }
}

/** Lines that come on stdin, one at a time. */
export async function* commands(): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}
