import assert from "node:assert/strict";
import { dial } from "../engine.ts";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { bytesOf, receive, send } from "../test_kit.ts";
import { eachEngine, pattern } from "./engines.ts";

eachEngine("bytes go both ways", async (bench) => {
  const { client, target, ended } = await bench.join();
  await send(client, "question\n");
  assert.equal(await receive(target, "\n"), "question\n");
  await send(target, "answer\n");
  assert.equal(await receive(client, "\n"), "answer\n");
  client.close();
  assert.equal(await receive(target), "");
  target.close();
  assert.deepEqual(await ended, { toTarget: 9, toClient: 7, end: "closed" });
});

eachEngine("a client that ended its side still gets its answer", async (bench) => {
  const { client, target, ended } = await bench.join();
  await send(client, "all of it");
  await client.closeWrite();
  assert.equal(await receive(target), "all of it");
  await send(target, "one ");
  assert.equal(await receive(client, " "), "one ");
  await send(target, "two");
  target.close();
  assert.equal(await receive(client), "two");
  assert.deepEqual(await ended, { toTarget: 9, toClient: 7, end: "closed" });
});

eachEngine("a target that ended its side still gets what the client sends", async (bench) => {
  const { client, target, ended } = await bench.join();
  await send(target, "greeting");
  await target.closeWrite();
  assert.equal(await receive(client), "greeting");
  for (const part of ["one\n", "two\n"]) {
    await send(client, part);
    assert.equal(await receive(target, "\n"), part);
  }
  client.close();
  assert.equal(await receive(target), "");
  assert.deepEqual(await ended, { toTarget: 8, toClient: 8, end: "closed" });
});

eachEngine("ends without a byte pass, too", async (bench) => {
  const { client, target, ended } = await bench.join();
  await client.closeWrite();
  assert.equal(await receive(target), "");
  await target.closeWrite();
  assert.equal(await receive(client), "");
  assert.deepEqual(await ended, { toTarget: 0, toClient: 0, end: "closed" });
});

eachEngine("what came before the relay began goes first, both ways", async (bench) => {
  const early = bytesOf("xEARLYx").subarray(1, 6);
  const { client, target, ended } = await bench.join({ toTarget: early, toClient: early });
  await Promise.all([send(client, "+up"), send(target, "+down")]);
  await Promise.all([client.closeWrite(), target.closeWrite()]);
  assert.deepEqual(await Promise.all([receive(target), receive(client)]), [
    "EARLY+up",
    "EARLY+down",
  ]);
  assert.deepEqual(await ended, { toTarget: 8, toClient: 10, end: "closed" });
});

eachEngine("IPv6 is no different", async (bench) => {
  const { client, target, ended } = await bench.join({}, "::1");
  await send(client, "six");
  await client.closeWrite();
  assert.equal(await receive(target), "six");
  target.close();
  assert.equal((await ended).toTarget, 3);
});

eachEngine("the ends of a connection are known", async (bench) => {
  for (const hostname of [bench.hostname, "::1"]) {
    const seen = Promise.withResolvers<unknown[]>();
    const address = bench.listen((connection) => {
      seen.resolve([connection.local, connection.remote]);
      connection.close();
      return Promise.resolve();
    }, hostname);
    const dialled = await dial(bench.engine, address, 10_000);
    assert.deepEqual(dialled.remote, address);
    assert.deepEqual(await seen.promise, [address, dialled.local]);
    dialled.close();
  }
});

eachEngine("a relay in which nothing moves ends after idleMs", async (bench) => {
  const { client, target, ended } = await bench.join({ idleMs: 600 });
  const began = performance.now();
  while (performance.now() - began < 1500) {
    await send(client, ".");
    await target.read(new Uint8Array(1));
  }
  assert.equal((await ended).end, "idle");
  assert.deepEqual([await receive(client), await receive(target)], ["", ""]);
});

eachEngine("bytes are never reordered, lost or doubled, however they are cut", async (bench) => {
  const size = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 2000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 300_000 }) },
  );
  const cuts = fc.record({
    up: fc.array(size, { maxLength: 12 }),
    down: fc.array(size, { maxLength: 12 }),
    read: fc.integer({ min: 1, max: 100_000 }),
  });
  await fc.assert(
    fc.asyncProperty(cuts, async ({ up, down, read }) => {
      const { client, target, ended } = await bench.join();
      const [toTarget, toClient] = await Promise.all([
        check(target, read),
        check(client, read),
        sendCut(client, up),
        sendCut(target, down),
      ]);
      assert.deepEqual([toTarget, toClient], [sum(up), sum(down)]);
      assert.deepEqual(await ended, { toTarget, toClient, end: "closed" });
      client.close();
      target.close();
    }),
    { numRuns: 25, endOnFailure: true },
  );
});

eachEngine("eight bulk streams at once arrive whole", async (bench) => {
  const bytes = 8 * 1024 * 1024;
  const one = async () => {
    const { client, target, ended } = await bench.join();
    const [arrived] = await Promise.all([check(client, 65536), sendBulk(target, bytes)]);
    assert.equal(arrived, bytes);
    await client.closeWrite();
    assert.equal((await ended).toClient, bytes);
  };
  await Promise.all(Array.from({ length: 8 }, one));
});

eachEngine("a reader that stops stops the writer, and nothing piles up", async (bench) => {
  const { client, target } = await bench.join();
  const written = await sendUntilStuck(client, 64 * 1024 * 1024);
  // The buffers of four sockets in the kernel, which grow to some MB each, and one of the engine.
  assert.ok(written.length < 40 * 1024 * 1024, `${written.length} bytes fitted in between`);
  const [arrived] = await Promise.all([
    check(target, 65536),
    written.rest.then(() => client.closeWrite()),
  ]);
  assert.equal(arrived, written.length);
  bench.engine.closeAll();
});

const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);

async function sendCut(conn: Deno.TcpConn, sizes: readonly number[]): Promise<void> {
  let offset = 0;
  for (const size of sizes) {
    await send(conn, pattern(offset, size));
    offset += size;
  }
  await conn.closeWrite();
}

async function sendBulk(conn: Deno.TcpConn, bytes: number): Promise<void> {
  const chunk = 65536;
  for (let offset = 0; offset < bytes; offset += chunk) await send(conn, pattern(offset, chunk));
  await conn.closeWrite();
}

/** Reads to the end, and says how many bytes of the pattern came. */
async function check(conn: Deno.TcpConn, size: number): Promise<number> {
  const buffer = new Uint8Array(size);
  let offset = 0;
  for (;;) {
    const length = await conn.read(buffer);
    if (length === null) return offset;
    const wanted = pattern(offset, length);
    if (Buffer.compare(buffer.subarray(0, length), wanted) !== 0) {
      assert.deepEqual(buffer.subarray(0, length), wanted, `at ${offset}`);
    }
    offset += length;
  }
}

/** Sends the pattern until a write waits for long. `rest` resolves when that one is through. */
async function sendUntilStuck(
  conn: Deno.TcpConn,
  limit: number,
): Promise<{ length: number; rest: Promise<void> }> {
  const chunk = 256 * 1024;
  let length = 0;
  while (length < limit) {
    const sent = send(conn, pattern(length, chunk));
    length += chunk;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stuck = new Promise<boolean>((resolve) => timer = setTimeout(resolve, 500, true));
    const isStuck = await Promise.race([sent.then(() => false), stuck]);
    clearTimeout(timer);
    if (isStuck) return { length, rest: sent };
  }
  return { length, rest: Promise.resolve() };
}
