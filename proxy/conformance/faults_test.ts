import assert from "node:assert/strict";
import { dial, relayed } from "../engine.ts";
import { bytesOf, receive, send, until } from "../test_kit.ts";
import { type Bench, eachEngine, isReset } from "./engines.ts";

/** For tests that reset: only the Linux engine can do that. */
const sharp = (name: string, test: (bench: Bench) => Promise<void>) => eachEngine(name, test, true);

/** Deno can make no reset: where this engine passes one on, that one lets the other side see an end. */
const passesResets = (bench: Bench) => bench.engine.name === "linux";

sharp("a reset by the client reaches the target", async (bench) => {
  const { client, target, ended } = await bench.joinSharply();
  client.reset();
  assert.equal(await isReset(target), passesResets(bench));
  assert.equal((await ended).end, "reset by client");
});

sharp("a reset by the target reaches the client", async (bench) => {
  const { client, target, ended } = await bench.joinSharply();
  target.reset();
  assert.equal(await isReset(client), passesResets(bench));
  assert.equal((await ended).end, "reset by target");
});

sharp("a reset comes after the bytes before it", async (bench) => {
  const { client, target, ended } = await bench.joinSharply();
  await target.write(bytesOf("farewell"));
  assert.equal(await client.read(new Uint8Array(100)), 8);
  target.reset();
  assert.equal(await isReset(client), passesResets(bench));
  assert.deepEqual(await ended, { toTarget: 0, toClient: 8, end: "reset by target" });
});

sharp("a reset of what is open one way only is one, too", async (bench) => {
  const { client, target, ended } = await bench.joinSharply();
  await target.closeWrite();
  assert.equal(await client.read(new Uint8Array(1)), null);
  client.reset();
  assert.equal((await ended).end, "reset by client");
});

sharp("who ended its side and resets then takes the other end along", async (bench) => {
  const { client, target, ended } = await bench.joinSharply();
  await client.closeWrite();
  assert.equal(await target.read(new Uint8Array(1)), null);
  client.reset();
  // The engine of Deno asks once, a moment after the end, and else hears of it by a write only.
  if (!passesResets(bench)) await target.write(bytesOf("x")).catch(() => {});
  await ended;
});

sharp("a reset while bulk data is on its way ends both sides", async (bench) => {
  for (const breaks of ["client", "target"] as const) {
    const joined = await bench.joinSharply();
    const { client, target, ended } = joined;
    const chunk = new Uint8Array(65536);
    const flood = (async () => {
      for (;;) await target.write(chunk);
    })();
    flood.catch(() => {});
    for (let read = 0; read < 40 * chunk.length;) read += (await client.read(chunk))!;
    joined[breaks].reset();
    await assert.rejects(flood);
    if (breaks === "target") assert.equal(await isReset(client), passesResets(bench));
    assert.notEqual((await ended).toClient, 0);
  }
});

sharp(
  "what was passed on before a reset reaches a slow reader, and then the reset",
  async (bench) => {
    for (const breaks of ["client", "target"] as const) {
      const { ended, ...ends } = await bench.joinSharply();
      const [source, reader] = breaks === "target"
        ? [ends.target, ends.client]
        : [ends.client, ends.target];
      const chunk = new Uint8Array(65536);
      let sent = 0;
      const flood = (async () => {
        for (;;) sent += await source.write(chunk);
      })();
      flood.catch(() => {});
      let before = -1;
      await until(() => {
        const isStuck = sent === before && sent > 0;
        before = sent;
        return new Promise((resolve) => setTimeout(resolve, 100, isStuck));
      }, "nothing goes on");
      source.reset();
      await assert.rejects(flood);
      let received = 0;
      const buffer = new Uint8Array(65536);
      const wasReset = await (async () => {
        try {
          for (let length; (length = await reader.read(buffer)) !== null;) received += length;
          return false;
        } catch {
          return true;
        }
      })();
      const { toTarget, toClient, end } = await ended;
      assert.equal(received, breaks === "target" ? toClient : toTarget);
      assert.deepEqual([wasReset, end], [passesResets(bench), `reset by ${breaks}`]);
    }
  },
);

sharp("a target that answers and slams the door is still heard", async (bench) => {
  const { client, target, ended } = await bench.joinSharply();
  await client.write(bytesOf("upload"));
  await target.read(new Uint8Array(1));
  await target.write(bytesOf("413 too large"));
  target.reset();
  assert.equal(await client.read(new Uint8Array(100)), 13);
  assert.equal(await isReset(client), passesResets(bench));
  assert.equal((await ended).end, "reset by target");
});

eachEngine("someone who ends without a byte and is gone leaves nothing behind", async (bench) => {
  const { client, target, ended } = await bench.join();
  // What crosses the end of the client on its way meets a closed socket, and that answers by a reset.
  client.close();
  await send(target, "greeting");
  await ended;
});

eachEngine(
  "a client that ended its side and then is gone takes the target along",
  async (bench) => {
    const { client, target, ended } = await bench.join();
    await send(client, "request");
    client.close();
    assert.equal(await receive(target), "request");
    await assert.rejects(async () => {
      for (;;) await send(target, "answer to nobody");
    });
    await ended;
  },
);

eachEngine("closing with bytes unread is heard as an end first", async (bench) => {
  const arrived = Promise.withResolvers<void>();
  const address = bench.listen(async (connection) => {
    await connection.read(new Uint8Array(1));
    await arrived.promise;
    connection.close();
  });
  const client = bench.add(await Deno.connect(address));
  await send(client, "request");
  arrived.resolve();
  assert.equal(await receive(client), "");
});

eachEngine("closeAll ends whatever goes on", async (bench) => {
  const { engine } = bench;
  const idle = await bench.join();
  const busy = await bench.join();
  const read = Promise.withResolvers<unknown>();
  const address = bench.listen(async (connection) => {
    read.resolve(await connection.read(new Uint8Array(9)).catch((error) => error));
    connection.close();
  });
  bench.add(await Deno.connect(address));
  const flood = (async () => {
    for (;;) await busy.target.write(new Uint8Array(65536));
  })().catch(() => {});
  await busy.client.read(new Uint8Array(9));
  await until(() => engine.count === 5, "all connections are open");
  engine.closeAll();
  assert.equal(engine.count, 0);
  assert.ok(await read.promise instanceof Error);
  await Promise.all([idle.ended, busy.ended]);
  busy.client.close();
  await flood;
  assert.equal(await receive(idle.client), "");
});

eachEngine("methods of a closed connection reject, and closing twice is nothing", async (bench) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const address = bench.listen(async (connection) => {
    const reading = connection.read(new Uint8Array(9));
    connection.close();
    connection.close();
    connection.reset();
    await assert.rejects(reading);
    await assert.rejects(connection.read(new Uint8Array(9)));
    await assert.rejects(connection.write(new Uint8Array(9)));
    await assert.rejects(connection.closeWrite());
    const again = await dial(bench.engine, address2, 10_000);
    const count = await relayed(bench.engine, connection, again, {});
    assert.deepEqual([count.toTarget, count.toClient], [0, 0]);
    resolve();
  });
  const address2 = bench.listen((connection) => Promise.resolve(connection.close()));
  bench.add(await Deno.connect(address));
  await promise;
});

eachEngine("a connection can be read and written by hand", async (bench) => {
  const address = bench.listen(async (connection) => {
    const buffer = new Uint8Array(4);
    for (let length; (length = await connection.read(buffer)) !== null;) {
      for (let sent = 0; sent < length;) {
        sent += await connection.write(buffer.subarray(sent, length));
      }
    }
    await connection.closeWrite();
    connection.close();
  });
  const dialled = await dial(bench.engine, address, 10_000);
  const big = new Uint8Array(200_000).map((_, index) => index * 7);
  const writing = (async () => {
    for (let sent = 0; sent < big.length;) sent += await dialled.write(big.subarray(sent));
    await dialled.closeWrite();
  })();
  const back: number[] = [];
  const buffer = new Uint8Array(5000);
  for (let length; (length = await dialled.read(buffer)) !== null;) {
    back.push(...buffer.subarray(0, length));
  }
  await writing;
  dialled.close();
  assert.deepEqual(new Uint8Array(back), big);
});
