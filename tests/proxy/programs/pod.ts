/**
 * A server as a pod runs it: `pod.ts ADDRESS PORT NAME`. Says its name and a line end to each
 * connection, then sends back what comes; to a first line "flood" it sends without end. TERM: no
 * new connections, those there go on until they end.
 */
const [hostname, port, name] = Deno.args as [string, string, string];
const greeting = new TextEncoder().encode(`${name}\n`);
const FLOOD = new Uint8Array(65536).fill(120);

const listener = Deno.listen({ hostname, port: Number(port), tcpBacklog: 4096 });
const running = new Set<Promise<void>>();
Deno.addSignalListener("SIGTERM", () => listener.close());
console.log(`ready ${listener.addr.port}`);
for (;;) {
  let conn: Deno.TcpConn;
  try {
    conn = await listener.accept();
  } catch (error) {
    if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) break;
    await new Promise((resolve) => setTimeout(resolve, 5)); // No more open files for a moment.
    continue;
  }
  // A client that breaks off is its own matter.
  const served = serve(conn).catch(() => {}).then(() => {
    running.delete(served);
    conn.close();
  });
  running.add(served);
}
await Promise.all(running);
Deno.exit(0);

async function serve(conn: Deno.TcpConn): Promise<void> {
  await send(conn, greeting);
  const buffer = new Uint8Array(4096);
  for (let first = true;; first = false) {
    const read = await conn.read(buffer);
    if (read === null) return;
    const bytes = buffer.subarray(0, read);
    if (first && new TextDecoder().decode(bytes) === "flood\n") {
      for (;;) await send(conn, FLOOD);
    }
    await send(conn, bytes);
  }
}

async function send(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
