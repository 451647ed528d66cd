/** For a test: the new process of a restart. Takes listeners at the path given, and serves them until stdin ends. */
import { takeListeners } from "./handover.ts";
import { LinuxEngine } from "./linux_engine.ts";

const engine = new LinuxEngine();
const ending = new AbortController();
const running = engine.run(ending.signal, true);
const taken = await takeListeners(Deno.args[0]!, 10_000);
const listeners = taken.listeners.map(({ fd }) =>
  engine.adopt(fd, async (connection) => {
    await connection.write(new TextEncoder().encode("new"));
    connection.close();
  }, console.error)
);
if (Deno.args[1] === "confirm") await taken.confirm();
taken.close();
console.log(JSON.stringify(taken.listeners.map(({ address }) => address)));
for await (const _ of Deno.stdin.readable);
for (const listener of listeners) await listener.close();
ending.abort();
await running;
engine.dispose();
