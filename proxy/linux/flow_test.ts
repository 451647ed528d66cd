/** What only this engine has: pipes that run out, and urgent data, at which reads stop short. */
import assert from "node:assert/strict";
import { type Connection, dial, pause, type RelayCount, relayed } from "../engine.ts";
import { freshAddress, freshPort, until } from "../test_kit.ts";
import { libc, MSG_NOSIGNAL } from "./libc.ts";
import type { LinuxConnection } from "./connection.ts";
import { LinuxEngine, type LinuxEngineOptions } from "./linux_engine.ts";

const ignore = LinuxEngine.supported() !== undefined;
const MSG_OOB = 1;

interface Ends {
  readonly client: Connection;
  readonly target: Connection;
  /** The engine's ends of both. */
  readonly inner: LinuxConnection;
  readonly outer: LinuxConnection;
  readonly ended: Promise<RelayCount>;
}

/** Gives `test` what makes relays; all four ends of each are connections of one engine. */
async function withRelays(
  options: LinuxEngineOptions,
  test: (join: () => Promise<Ends>, engine: LinuxEngine) => Promise<void>,
): Promise<void> {
  const engine = new LinuxEngine(options);
  const ending = new AbortController();
  const running = engine.run(ending.signal, true);
  const hostname = freshAddress();
  const listeners: { close(): Promise<void> }[] = [];
  const pair = async () => {
    const address = { hostname, port: freshPort() };
    const accepted = Promise.withResolvers<Connection>();
    listeners.push(engine.listen(address, accepted.resolve, accepted.reject));
    return [await dial(engine, address, 5000), await accepted.promise] as const;
  };
  const join = async () => {
    const [client, inner] = await pair();
    const [outer, target] = await pair();
    const ended = relayed(engine, inner, outer, {});
    return {
      client,
      target,
      inner: inner as LinuxConnection,
      outer: outer as LinuxConnection,
      ended,
    };
  };
  try {
    await test(join, engine);
  } finally {
    for (const listener of listeners) await listener.close();
    ending.abort();
    await running;
    engine.dispose();
  }
}

async function sendAll(connection: Connection, bytes: number): Promise<void> {
  const chunk = new Uint8Array(65536).map((_, index) => index * 31 >> 8);
  for (let sent = 0; sent < bytes;) {
    const at = sent % chunk.length;
    sent += await connection.write(chunk.subarray(at, Math.min(chunk.length, at + bytes - sent)));
  }
  await connection.closeWrite();
}

async function receiveAll(connection: Connection): Promise<number> {
  const buffer = new Uint8Array(65536);
  for (let received = 0;;) {
    const length = await connection.read(buffer);
    if (length === null) return received;
    for (let index = 0; index < length; index += 97) {
      const at = (received + index) % 65536;
      assert.equal(buffer[index], (at * 31 >> 8) & 0xff, `at ${received + index}`);
    }
    received += length;
  }
}

for (const [pipes, pipeBytes] of [[0, 0], [1, 0], [64, 1 << 20]] as const) {
  Deno.test({
    name: `bulk streams pass with ${pipes} pipes of ${pipeBytes || 65536} bytes`,
    ignore,
    fn: () =>
      withRelays({ pipes, pipeBytes }, async (join) => {
        const bytes = 5_000_001;
        await Promise.all([1, 2, 3].map(async () => {
          const { client, target, ended } = await join();
          const [up, down] = await Promise.all([
            receiveAll(target),
            receiveAll(client),
            sendAll(client, bytes),
            sendAll(target, bytes),
          ]);
          assert.deepEqual([up, down], [bytes, bytes]);
          assert.deepEqual(await ended, { toTarget: bytes, toClient: bytes, end: "closed" });
        }));
      }),
  });
}

Deno.test({
  name: "what comes for a reader that takes nothing wakes nobody",
  ignore,
  fn: () =>
    withRelays({}, async (join, engine) => {
      const { client, target, inner, outer, ended } = await join();
      const chunk = new Uint8Array(65536);
      let bytes = 0;
      while (outer.writable) bytes += await client.write(chunk);
      let woken = 0;
      inner.ready = (events) => {
        woken++;
        Object.getPrototypeOf(inner).ready.call(inner, events);
      };
      // Each of them arrives, and the engine has looked, before the next is sent.
      for (let sent = 0; sent < 10; sent++) {
        bytes += await client.write(chunk.subarray(0, 1000));
        await until(() => (client as LinuxConnection).undelivered === 0, "it has arrived");
        await pause(engine, 0);
      }
      assert.ok(!outer.writable, "the reader has to be stuck for this to mean something");
      assert.ok(woken <= 1, `woken ${woken} times`);
      await client.closeWrite();
      const buffer = new Uint8Array(1 << 20);
      for (let read: number | null; (read = await target.read(buffer)) !== null;) bytes -= read;
      assert.equal(bytes, 0);
      await target.closeWrite();
      assert.equal((await ended).end, "closed");
    }),
});

Deno.test({
  name: "a stream with urgent data does not stall",
  ignore,
  fn: () =>
    withRelays({}, async (join) => {
      const { client, target } = await join();
      const raw = (client as LinuxConnection).fd;
      const text = (what: string) => new TextEncoder().encode(what) as Uint8Array<ArrayBuffer>;
      let got = "";
      for (let index = 0; index < 20; index++) {
        // One byte out of band: a read stops before it, with more to come behind it.
        assert.equal(libc().send(raw, text("before!"), 7, MSG_OOB | MSG_NOSIGNAL), 7);
        await client.write(text("after;"));
        const buffer = new Uint8Array(100);
        while (got.length < 12 * (index + 1)) {
          const length = await target.read(buffer);
          assert.ok(length);
          got += new TextDecoder().decode(buffer.subarray(0, length));
        }
        assert.equal(got, "beforeafter;".repeat(index + 1));
      }
    }),
});
