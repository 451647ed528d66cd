/** For a test: echoes with few file descriptors, and listens until there are none at the end of stdin. */
import type { Connection, Listener } from "../engine.ts";
import { sharedPort } from "../test_kit.ts";
import { startEngine } from "./engines.ts";

const { engine, stop } = startEngine(Deno.args[0]!);
const hostname = "127.0.0.1";

async function echo(connection: Connection): Promise<void> {
  const buffer = new Uint8Array(1000);
  try {
    for (let length; (length = await connection.read(buffer)) !== null;) {
      for (let sent = 0; sent < length;) {
        sent += await connection.write(buffer.subarray(sent, length));
      }
    }
  } finally {
    connection.close();
  }
}

const port = sharedPort();
const listeners: Listener[] = [
  engine.listen({ hostname, port }, echo, (error) => {
    const { code } = error as { code?: string };
    console.log(`trouble ${code} ${error}`);
  }),
];
console.log(`port ${port}`);
for await (const _ of Deno.stdin.readable);
try {
  for (;;) listeners.push(engine.listen({ hostname, port: 0 }, echo, console.error));
} catch (error) {
  const { code } = error as { code?: string };
  // Without a descriptor even telling needs a free one.
  await listeners.pop()!.close();
  console.log(`listening failed: ${code} ${error}`);
}
for (const listener of listeners) await listener.close();
engine.closeAll();
await stop();
