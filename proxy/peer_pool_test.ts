import assert from "node:assert/strict";
import { DenoEngine } from "./deno_engine.ts";
import { createLog } from "./log.ts";
import { makeContext } from "./make_context.ts";
import { IN_USE_MS, KEEP_MS, PeerPool } from "./peer_pool.ts";
import {
  echo,
  exchange,
  freshAddress,
  greeter,
  planOf,
  PORT_A,
  receive,
  ROUTER,
  send,
  TestServer,
  until,
  withCluster,
} from "./test_kit.ts";

/** A pool whose clock can be set forward, and a host that keeps what it accepts. */
async function withPool(
  test: (parts: {
    pool: PeerPool;
    address: { hostname: string; port: number };
    server: TestServer;
    later: (ms: number) => void;
  }) => Promise<void>,
): Promise<void> {
  let skew = 0;
  const hostname = freshAddress();
  const server = new TestServer(hostname, (conn) => receive(conn));
  const address = { hostname, port: server.port };
  const context = makeContext(
    new DenoEngine(),
    createLog("error", console.error),
    planOf(hostname),
    () => performance.now() + skew,
  );
  const pool = new PeerPool(context);
  try {
    await test({ pool, address, server, later: (ms) => skew += ms });
  } finally {
    pool.stop();
    await Promise.all(context.background);
    context.engine.closeAll();
    await server.close();
  }
}

Deno.test("two are kept ready after the first use, and replaced when taken", async () => {
  await withPool(async ({ pool, address, server }) => {
    assert.equal(pool.take("a", address), undefined);
    await until(() => pool.idle === 2, "two are ready");
    const taken = pool.take("a", address)!;
    assert.equal(pool.idle, 1);
    await until(() => pool.idle === 2, "it is replaced");
    assert.equal(server.accepted, 3);
    taken.connection.close();
    const moved = { ...address, port: address.port };
    assert.ok(pool.take("a", moved), "the same address in another object");
    const elsewhere = new TestServer(address.hostname, (conn) => receive(conn));
    assert.equal(pool.take("a", { ...address, port: elsewhere.port }), undefined);
    await until(() => server.active === 0 || pool.idle === 2, "the new address counts");
    pool.stop();
    await elsewhere.close();
  });
});

Deno.test("the old ones are dropped, and all when the host is used no more", async () => {
  await withPool(async ({ pool, address, server, later }) => {
    pool.take("a", address);
    await until(() => pool.idle === 2, "two are ready");
    later(KEEP_MS);
    assert.equal(pool.take("a", address), undefined, "these are too old");
    await until(() => pool.idle === 2 && server.active === 2, "only new ones are left");
    later(KEEP_MS);
    await until(() => server.accepted === 6, "they are replaced while the host is in use");
    later(IN_USE_MS);
    await until(() => pool.idle === 0 && server.active === 0, "nothing is kept");
  });
});

Deno.test("one that the other side closes is noticed, and no host is hammered", async () => {
  await withPool(async ({ pool, address, server }) => {
    pool.take("a", address);
    await until(() => pool.idle === 2, "two are ready");
    await server.close();
    await until(() => pool.idle === 0, "it was noticed");
    for (let turn = 0; turn < 100; turn++) assert.equal(pool.take("a", address), undefined);
    assert.equal(server.accepted, 2);
  });
});

Deno.test("a host that closes what it was not asked on is not dialled at once again", async () => {
  await withPool(async ({ pool, address: { hostname } }) => {
    const closing = new TestServer(hostname, () => Promise.resolve());
    try {
      const start = performance.now();
      while (performance.now() - start < 300) {
        pool.take("a", { hostname, port: closing.port });
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      assert.ok(closing.accepted <= 4, `${closing.accepted} connections`);
    } finally {
      await closing.close();
    }
  });
});

Deno.test("clients use what is kept, and its end costs none of them anything", async () => {
  await withCluster(2, async ([one, two], resources) => {
    const server = new TestServer(two!.ip, greeter("two"));
    resources.push(server);
    await two!.map({ hostPort: server.port });
    const ready = async () => (await one!.proxy.status()).idle === 2;
    for (let turn = 0; turn < 20; turn++) {
      assert.equal(await exchange(one!.ip, PORT_A, "x"), "two\nx");
      if (turn > 0) await until(ready, "two are ready");
      if (turn === 10) {
        await two!.proxy.stop();
        await two!.start();
      }
    }
    await until(async () => (await two!.proxy.status()).idle === 2, "the other side counts them");
    assert.equal((await two!.proxy.status()).sessions, 0);
    await two!.proxy.drain(60_000);
    assert.doesNotMatch(two!.lines.join("\n"), /cut off/);
  }, "REMEMBERREFUSED 0.05\nREMEMBERSILENT 0.05");
});

Deno.test("a request on a connection that turned stale is repeated on a new one", async () => {
  await withCluster(1, async ([host], resources) => {
    const original = freshAddress();
    let accepted = 0;
    let stale = 0;
    const peer = new TestServer(original, async (conn) => {
      const fresh = ++accepted;
      const request = await receive(conn, "\r\n");
      if (request === "") return;
      // The third and the fifth end with the request, as if their end had crossed it.
      if (fresh === 3 || fresh === 5) return void stale++;
      await send(conn, "SENDPROXY=false\r\n");
      await echo(conn);
    }, ROUTER);
    resources.push(peer);
    await host!.know({ hostname: original, port: ROUTER });
    for (let turn = 0; turn < 10; turn++) {
      assert.equal(await exchange(host!.ip, PORT_A, "x"), "x");
      await until(async () => turn === 0 || (await host!.proxy.status()).idle === 2, "ready");
    }
    assert.equal(stale, 2);
    assert.doesNotMatch(host!.lines.join("\n"), /took no connection/);
  });
});
