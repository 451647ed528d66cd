/** A proxy of the original system, scripted byte by byte, on either side of ours. */
import assert from "node:assert/strict";
import { formatHostsConf } from "./conf/mod.ts";
import {
  echo,
  exchange,
  freshAddress,
  greeter,
  PORT_A,
  receive,
  ROUTER,
  send,
  testEachEngine,
  TestServer,
  until,
  withCluster,
} from "./test_kit.ts";

const REQUEST = `PROXY TCP4 1.2.3.4 1.2.3.4 123 ${PORT_A}\r\n`;

testEachEngine("an original proxy asks ours", async () => {
  await withCluster(1, async ([host], resources) => {
    const server = new TestServer(host!.ip, greeter("hello"));
    resources.push(server);
    const ask = () => Deno.connect({ hostname: host!.ip, port: ROUTER });
    {
      using conn = await ask();
      await send(conn, REQUEST);
      assert.equal(await receive(conn), "", "no mapping: closed without an answer");
    }
    for (const sendProxy of [false, true]) {
      await host!.map({ hostPort: server.port, sendProxy });
      using conn = await ask();
      for (const byte of REQUEST) await send(conn, byte);
      assert.equal(await receive(conn, "hello\n"), `SENDPROXY=${sendProxy}\r\nhello\n`);
      await send(conn, "PROXY TCP4 passes as it is\r\n");
      assert.equal(await receive(conn, "\n"), "PROXY TCP4 passes as it is\r\n");
    }
    await until(() => server.active === 0, "the pods are left alone");
    await host!.map({ hostPort: server.port, maxConn: 0 });
    {
      using conn = await ask();
      await send(conn, REQUEST);
      assert.equal(await receive(conn), "BUSY\r\n");
    }
    await server.close();
    await host!.map({ hostPort: server.port });
    {
      using conn = await ask();
      await send(conn, REQUEST);
      assert.equal(await receive(conn), "", "nothing reachable: closed without an answer");
    }
    for (const garbage of ["GET / HTTP/1.1\r\n\r\n", "\0".repeat(100), "PROXY TCP4 x\r\n"]) {
      using conn = await ask();
      await send(conn, garbage);
      assert.equal(await receive(conn).catch(() => ""), "");
    }
  });
});

testEachEngine("ours asks an original proxy", async () => {
  await withCluster(1, async ([host], resources) => {
    let script = (_: Deno.TcpConn): Promise<unknown> => Promise.resolve();
    const original = freshAddress();
    const peer = new TestServer(original, async (conn) => {
      const request = await receive(conn, "\r\n");
      assert.equal(request, REQUEST);
      await script(conn);
    }, ROUTER);
    resources.push(peer);
    await host!.know({ hostname: original, port: ROUTER });

    script = async (conn) => {
      await send(conn, "SENDPROXY=false\r\nearly ");
      await echo(conn);
    };
    assert.equal(await exchange(host!.ip, PORT_A, "x"), "early x");

    script = async (conn) => {
      for (const byte of "SENDPROXY=true\r\n") await send(conn, byte);
      await echo(conn);
    };
    const answer = await exchange(host!.ip, PORT_A, "x");
    assert.match(
      answer,
      new RegExp(`^PROXY TCP4 127\\.0\\.0\\.1 ${original} \\d+ ${PORT_A}\r\nx$`),
    );

    const failing = ["", "BUSY\r\n", "SENDPROXY=maybe\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"];
    for (const reply of failing) {
      script = (conn) => send(conn, reply);
      assert.equal(await exchange(host!.ip, PORT_A, "x").catch(() => ""), "", reply);
    }
    let release = () => {};
    const silence = new Promise<void>((resolve) => release = resolve);
    script = () => silence;
    const start = performance.now();
    assert.equal(await exchange(host!.ip, PORT_A, "x"), "");
    assert.ok(performance.now() - start < 30_000, "silence has its limit");
    release();
  }, "CONNECTSECONDS 1\nBUSYSECONDS 0.1\nGIVEUPSECONDS 60");
});

testEachEngine("a host that hesitates is overtaken within the same connection", async () => {
  await withCluster(2, async ([one, two], resources) => {
    const server = new TestServer(two!.ip, greeter("two"));
    let release = () => {};
    const silence = new Promise<void>((resolve) => release = resolve);
    const original = freshAddress();
    let answers = true;
    const peer = new TestServer(original, async (conn) => {
      await receive(conn, "\r\n");
      if (!answers) return await silence;
      await send(conn, "SENDPROXY=false\r\noriginal\n");
      await echo(conn);
    }, ROUTER);
    resources.push(server, peer, { close: () => release() });
    const addresses = [one!.address, two!.address, { hostname: original, port: ROUTER }];
    await one!.write("hosts.conf", formatHostsConf(addresses));
    await one!.proxy.reload();
    assert.equal(await exchange(one!.ip, PORT_A, "x"), "original\nx");
    await two!.map({ hostPort: server.port });
    answers = false;
    const start = performance.now();
    assert.equal(await exchange(one!.ip, PORT_A, "x"), "two\nx");
    assert.ok(performance.now() - start < 15_000, "it waited for the silent one");
  }, "CONNECTSECONDS 60\nGIVEUPSECONDS 60");
});

/** Stands for an original proxy on a host of its own, which `script` answers as. */
function original(
  script: (conn: Deno.TcpConn) => Promise<unknown>,
  resources: { close(): void | Promise<void> }[],
): { hostname: string; port: number; asked: () => number } {
  const hostname = freshAddress();
  const peer = new TestServer(hostname, async (conn) => {
    assert.equal(await receive(conn, "\r\n"), REQUEST);
    await script(conn);
  }, ROUTER);
  resources.push(peer);
  return { hostname, port: ROUTER, asked: () => peer.accepted };
}

Deno.test("originals that are busy, close or say nothing are passed over within the same connection", async () => {
  await withCluster(1, async ([host], resources) => {
    let release = () => {};
    const silence = new Promise<void>((resolve) => release = resolve);
    const busy = original((conn) => send(conn, "BUSY\r\n"), resources);
    const closes = original(() => Promise.resolve(), resources);
    const silent = original(() => silence, resources);
    resources.push({ close: () => release() });
    const serves = original(async (conn) => {
      await send(conn, "SENDPROXY=false\r\n");
      await echo(conn);
    }, resources);
    const hosts = [host!.address, busy, closes, silent, serves];
    await host!.write("hosts.conf", formatHostsConf(hosts));
    await host!.proxy.reload();
    for (let turn = 0; turn < 5; turn++) assert.equal(await exchange(host!.ip, PORT_A, "x"), "x");
    assert.deepEqual([busy.asked() > 0, closes.asked() > 0, silent.asked() > 0], [
      true,
      true,
      true,
    ]);
    assert.ok(serves.asked() >= 5);
  }, "CONNECTSECONDS 2");
});

Deno.test("what an original proxy gets behind its reply, by what the client sent and the pod wants", async () => {
  await withCluster(1, async ([host], resources) => {
    const header = "PROXY TCP4 9.8.7.6 5.4.3.2 1111 2081\r\n";
    let reply = "";
    let got = Promise.withResolvers<string>();
    const peer = original(async (conn) => {
      await send(conn, reply);
      got.resolve(await receive(conn));
    }, resources);
    await host!.know(peer);
    for (const sent of [header, ""]) {
      for (const wants of [true, false]) {
        reply = `SENDPROXY=${wants}\r\n`;
        got = Promise.withResolvers<string>();
        using conn = await Deno.connect({ hostname: host!.ip, port: PORT_A });
        await send(conn, sent + "data");
        await conn.closeWrite();
        const { hostname, port } = conn.localAddr;
        const made = `PROXY TCP4 ${hostname} ${peer.hostname} ${port} ${PORT_A}\r\n`;
        const expected = wants ? sent || made : "";
        assert.equal(await got.promise, `${expected}data`, `sent ${sent}, wants ${wants}`);
        await receive(conn);
      }
    }
  });
});

Deno.test("an original ends both directions at once, on either side of ours", async () => {
  await withCluster(1, async ([host], resources) => {
    const pod = new TestServer(host!.ip, greeter("hello"));
    resources.push(pod);
    await host!.map({ hostPort: pod.port });
    {
      using asking = await Deno.connect({ hostname: host!.ip, port: ROUTER });
      await send(asking, REQUEST);
      await receive(asking, "hello\n");
      await until(() => pod.active === 1, "the pod has it");
    }
    await until(() => pod.active === 0, "the pod's connection ended with that of the original");
    await host!.map();
    const peer = original((conn) => send(conn, "SENDPROXY=false\r\nbye\n"), resources);
    await host!.know(peer);
    using client = await Deno.connect({ hostname: host!.ip, port: PORT_A });
    assert.equal(await receive(client), "bye\n");
  });
});
