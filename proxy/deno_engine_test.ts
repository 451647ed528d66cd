import assert from "node:assert/strict";
import { DenoEngine } from "./deno_engine.ts";
import { DialError } from "./engine.ts";
import { until } from "./test_kit.ts";

/** A server that waits for the end of each connection, in a process that has time for it. */
const SERVER = `const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 4000 });
console.log(listener.addr.port);
for await (const conn of listener) {
  conn.read(new Uint8Array(1)).catch(() => {}).then(() => conn.close());
}`;

const openFiles = () => [...Deno.readDirSync("/proc/self/fd")].length;

Deno.test({
  name: "a dial whose time runs out in the moment of success leaves no connection",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["eval", SERVER],
      stdin: "null",
      stdout: "piped",
    });
    await using server = command.spawn();
    const reader = server.stdout.getReader();
    const port = Number(new TextDecoder().decode((await reader.read()).value));
    const engine = new DenoEngine();
    const before = openFiles();
    const once = async (limitMs: number) => {
      try {
        (await engine.dial({ hostname: "127.0.0.1", port }, limitMs)).close();
      } catch (error) {
        assert.ok(error instanceof DialError && error.kind === "silent", String(error));
      }
    };
    const dials: Promise<void>[] = [];
    for (let index = 0; index < 3000; index++) {
      dials.push(once(index % 5));
      const busyUntil = performance.now() + (index % 7) / 14; // So that time runs out unseen.
      while (performance.now() < busyUntil);
      if (index % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await Promise.all(dials);
    await until(() => openFiles() <= before + 5, "all are closed", 5000);
    assert.equal(engine.count, 0);
    await reader.cancel();
    server.kill();
  },
});
