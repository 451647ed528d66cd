import assert from "node:assert/strict";
import { freshAddress, receive } from "../test_kit.ts";
import { LinuxEngine } from "./linux_engine.ts";

Deno.test({
  name: "engines with reusePort share an address, and the kernel spreads connections over them",
  ignore: LinuxEngine.supported() !== undefined,
  async fn() {
    const free = Deno.listen({ hostname: freshAddress(), port: 0 });
    const { hostname, port } = free.addr;
    free.close();
    const ending = new AbortController();
    const started = ["a", "b"].map((name) => {
      const engine = new LinuxEngine({ reusePort: true });
      const running = engine.run(ending.signal, true);
      const listener = engine.listen({ hostname, port }, async (connection) => {
        await connection.write(new TextEncoder().encode(name));
        connection.close();
      }, console.error);
      return { engine, running, listener };
    });
    const seen = new Set<string>();
    for (let index = 0; index < 1000 && seen.size < 2; index++) {
      using conn = await Deno.connect({ hostname, port });
      seen.add(await receive(conn));
    }
    assert.deepEqual([...seen].sort(), ["a", "b"]);
    for (const { listener } of started) await listener.close();
    ending.abort();
    for (const { engine, running } of started) {
      await running;
      engine.dispose();
    }
  },
});
