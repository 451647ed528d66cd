import assert from "node:assert/strict";
import { join } from "node:path";
import type { HostAddress } from "../conf/mod.ts";
import { startEngine } from "../conformance/engines.ts";
import { freshAddress, freshPort, receive, until } from "../test_kit.ts";
import {
  type Bequest,
  giveListeners,
  type HandedOver,
  type OpenListener,
  takeListeners,
  type Taken,
} from "./handover.ts";
import { libc } from "./libc.ts";
import { LinuxEngine, type LinuxListening } from "./linux_engine.ts";

/** An old process without connections. */
const nothing = () => Promise.resolve({ held: [], before: [] });

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
      const { given, taken } = await handOver(path, listeners, { held: many, before: [] });
      const [link] = taken.links;
      assert.deepEqual(link!.held, many);
      const heard: unknown[] = [];
      const followed = link!.follow((held) => heard.push(...held));
      await given.tell([[61000, 1, 7], [61001, 2, 0]]);
      await given.tell([[61000, 1, 6]]);
      given.close();
      await followed;
      assert.deepEqual(heard, [[61000, 1, 7], [61001, 2, 0], [61000, 1, 6]]);
      closeAll(taken);
      await assert.rejects(async () => await given.tell([[1, 1, 1]]));
    }),
});

Deno.test({
  name:
    "a third process hears the first at first hand, also of what it said before, and to its end",
  ignore,
  fn: () =>
    withOld(1, async (listeners, path) => {
      const first = await handOver(path, listeners, { held: [[1, 1, 5]], before: [] });
      const [toFirst] = first.taken.links;
      const early: unknown[] = [];
      const following = toFirst!.follow((held) => early.push(...held));
      await first.given.tell([[1, 1, 4]]);
      await until(() => early.length === 1, "the second hears it");
      toFirst!.pause();
      await first.given.tell([[1, 1, 3]]);
      const second = await handOver(path, first.taken.listeners, {
        held: [[1, 1, 1]],
        before: [{ fd: toFirst!.fd, held: [[1, 1, 4]] }],
      });
      const [toSecond, handedOn] = second.taken.links;
      assert.deepEqual([toSecond!.held, handedOn!.held], [[[1, 1, 1]], [[1, 1, 4]]]);
      // The second ends before the first does.
      second.given.close();
      closeAll(first.taken);
      await following;
      await toSecond!.follow(() => assert.fail("the second said nothing"));
      const heard: unknown[] = [];
      const followed = handedOn!.follow((held) => heard.push(...held));
      await first.given.tell([[1, 1, 2]]);
      first.given.close();
      await followed;
      assert.deepEqual([early, heard], [[[1, 1, 4]], [[1, 1, 3], [1, 1, 2]]]);
      closeAll(second.taken);
    }),
});

Deno.test({
  name: "a process that took listeners too slowly hears that the old one goes on itself",
  ignore,
  fn: () =>
    withOld(1, async (listeners, path) => {
      const giving = giveListeners(path, listeners, nothing, 2000);
      await until(() => exists(path), "it gives");
      const taken = await takeListeners(path, 10_000);
      await assert.rejects(giving, /says nothing in time/);
      await assert.rejects(taken.confirm(), /did not wait/);
      closeAll(taken);
    }),
});

Deno.test({
  name: "a process that took listeners serves, also when the old one was killed before it heard so",
  ignore,
  fn: () =>
    withOld(0, async (_, path) => {
      const file = new URL("./handover_giver.ts", import.meta.url).pathname;
      const args = ["run", "-A", file, path];
      await using giver = new Deno.Command(Deno.execPath(), { args }).spawn();
      await until(() => exists(path), "it gives", 60_000);
      const taken = await takeListeners(path, 60_000);
      giver.kill("SIGKILL");
      await giver.status;
      await taken.confirm();
      await taken.links[0]!.follow(() => assert.fail("nobody tells anything"));
      closeAll(taken);
    }),
});

/** This process plays both parts. */
async function handOver(
  path: string,
  listeners: readonly OpenListener[],
  bequest: Bequest,
): Promise<{ given: HandedOver; taken: Taken }> {
  const giving = giveListeners(path, listeners, () => Promise.resolve(bequest), 60_000);
  await until(() => exists(path), "it gives");
  const taken = await takeListeners(path, 60_000);
  await taken.confirm();
  return { given: await giving, taken };
}

function closeAll(taken: Taken): void {
  taken.close();
  for (const { fd } of taken.listeners) libc().close(fd);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
