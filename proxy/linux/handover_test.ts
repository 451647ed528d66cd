import assert from "node:assert/strict";
import { join } from "node:path";
import type { HostAddress } from "../conf/mod.ts";
import { startEngine } from "../conformance/engines.ts";
import { freshAddress, receive } from "../test_kit.ts";
import { giveListeners, takeListeners } from "./handover.ts";
import { LinuxEngine, type LinuxListening } from "./linux_engine.ts";

const ignore = LinuxEngine.supported() !== undefined;

/** An old process that listens on `count` ports and says "old" to everyone. */
async function withOld(
  count: number,
  test: (
    listeners: { fd: number; address: HostAddress; listener: LinuxListening }[],
    path: string,
  ) => Promise<void>,
): Promise<void> {
  const { engine, stop } = startEngine("linux");
  const hostname = freshAddress();
  const directory = await Deno.makeTempDir({ prefix: "handover-" });
  const free = Array.from({ length: count }, () => Deno.listen({ hostname, port: 0 }));
  const listeners = free.map((each) => {
    each.close();
    const address = { hostname, port: each.addr.port };
    const listener = (engine as LinuxEngine).listen(address, async (connection) => {
      await connection.write(new TextEncoder().encode("old"));
      connection.close();
    }, console.error);
    return { fd: listener.fd, address, listener };
  });
  try {
    await test(listeners, join(directory, "handover"));
  } finally {
    for (const { listener } of listeners) await listener.close();
    await stop();
    await Deno.remove(directory, { recursive: true });
  }
}

async function ask(address: HostAddress): Promise<string> {
  using conn = await Deno.connect(address);
  return await receive(conn);
}

function startNew(path: string, ...args: string[]) {
  const file = new URL("./handover_child.ts", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", file, path, ...args],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
}

Deno.test({
  name: "a new process takes 300 listeners over, and no connection is refused",
  ignore,
  fn: () =>
    withOld(300, async (listeners, path) => {
      const given = giveListeners(path, listeners, 10_000);
      await using child = startNew(path, "confirm");
      const answers = { old: 0, new: 0 };
      let asking = true;
      const clients = Promise.all([1, 2, 3, 4].map(async (seed) => {
        for (let index = seed; asking; index += 7) {
          const answer = await ask(listeners[index % listeners.length]!.address);
          assert.ok(answer === "old" || answer === "new", answer);
          answers[answer]++;
        }
      }));
      await given;
      for (const { listener } of listeners) await listener.close();
      for (const { address } of listeners) assert.equal(await ask(address), "new");
      asking = false;
      await clients;
      assert.ok(answers.old > 0 && answers.new > 0, JSON.stringify(answers));
      await child.stdin.close();
      const told = JSON.parse(await new Response(child.stdout).text());
      assert.deepEqual(told, listeners.map(({ address }) => address));
      assert.equal((await child.status).code, 0);
      await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
    }),
});

Deno.test({
  name: "a new process that ends before it confirmed leaves the old one in charge",
  ignore,
  fn: () =>
    withOld(1, async (listeners, path) => {
      const given = giveListeners(path, listeners, 10_000);
      await using child = startNew(path);
      await assert.rejects(given, /ended before it served/);
      await child.stdin.close();
      await child.stdout.cancel();
      await child.status;
      assert.equal(await ask(listeners[0]!.address), "old");
    }),
});

Deno.test({
  name: "a handover that nobody takes, or nobody gives, fails in time",
  ignore,
  fn: () =>
    withOld(1, async (listeners, path) => {
      await assert.rejects(giveListeners(path, listeners, 30), /nobody took the listeners in time/);
      await assert.rejects(takeListeners(path, 1000), /Cannot take listeners at .*ENOENT/);
      await assert.rejects(takeListeners("x".repeat(200), 1000), /at most 107 bytes/);
    }),
});
