import assert from "node:assert/strict";
import { join } from "node:path";
import type { HostAddress } from "../conf/mod.ts";
import { startEngine } from "../conformance/engines.ts";
import { freshAddress, freshPort, receive, until } from "../test_kit.ts";
import { giveListeners, takeListeners } from "./handover.ts";
import { libc } from "./libc.ts";
import { LinuxEngine, type LinuxListening } from "./linux_engine.ts";

/** An old process without connections. */
const nothing = () => Promise.resolve([]);

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
  const listeners = Array.from({ length: count }, () => {
    const address = { hostname, port: freshPort() };
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
      const given = giveListeners(path, listeners, nothing, 10_000);
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
      (await given).close();
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
      const given = giveListeners(path, listeners, nothing, 10_000);
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
      await assert.rejects(
        giveListeners(path, listeners, nothing, 30),
        /nobody took the listeners in time/,
      );
      await assert.rejects(takeListeners(path, 1000), /Cannot take listeners at .*ENOENT/);
      await assert.rejects(takeListeners("x".repeat(200), 1000), /at most 107 bytes/);
    }),
});

Deno.test({
  name: "the old process tells what it still has until its end",
  ignore,
  fn: () =>
    withOld(2, async (listeners, path) => {
      const many = Array.from({ length: 2500 }, (_, index) => [61000, index + 1, index] as const);
      const giving = giveListeners(path, listeners, () => Promise.resolve(many), 10_000);
      // This process plays both parts.
      await until(() => exists(path), "it gives");
      const taken = await takeListeners(path, 10_000);
      assert.deepEqual(taken.held, many);
      taken.confirm();
      const given = await giving;
      const heard: unknown[] = [];
      const followed = taken.follow((held) => heard.push(...held));
      await given.tell([[61000, 1, 7], [61001, 2, 0]]);
      await given.tell([[61000, 1, 6]]);
      given.close();
      await followed;
      assert.deepEqual(heard, [[61000, 1, 7], [61001, 2, 0], [61000, 1, 6]]);
      taken.close();
      await assert.rejects(async () => await given.tell([[1, 1, 1]]));
      for (const { fd } of taken.listeners) libc().close(fd);
    }),
});

Deno.test({
  name: "a process that took listeners serves, also when the old one ended before it heard so",
  ignore,
  fn: () =>
    withOld(1, async (listeners, path) => {
      const giving = giveListeners(path, listeners, nothing, 300);
      await until(() => exists(path), "it gives");
      const taken = await takeListeners(path, 10_000);
      await assert.rejects(giving, /says nothing in time/);
      taken.confirm();
      await taken.follow(() => assert.fail("nobody tells anything"));
      taken.close();
      for (const { fd } of taken.listeners) libc().close(fd);
    }),
});

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
