/** Which of several pods gets a client, and who gets none. */
import assert from "node:assert/strict";
import {
  echo,
  exchange,
  greeter,
  PORT_A,
  quietClose,
  receive,
  send,
  TestServer,
  until,
  withCluster,
} from "./test_kit.ts";

/** Opens connections to `ip` one after another, and keeps them. */
async function open(
  count: number,
  ip: string,
  resources: { close(): void | Promise<void> }[],
): Promise<Deno.TcpConn[]> {
  const conns: Deno.TcpConn[] = [];
  for (let index = 0; index < count; index++) {
    const conn = await Deno.connect({ hostname: ip, port: PORT_A });
    resources.push({ close: () => quietClose(conn) });
    assert.equal(await receive(conn, "\n"), "hello\n");
    conns.push(conn);
  }
  return conns;
}

for (const [prefer, expected] of [["none", [10, 10, 10]], ["own", [30, 0, 0]]] as const) {
  Deno.test(`PREFER ${prefer}: connections that stay`, async () => {
    await withCluster(3, async (hosts, resources) => {
      const servers = hosts.map((host) => new TestServer(host.ip, greeter("hello")));
      resources.push(...servers);
      // All are known before any connection stays.
      await hosts[0]!.map();
      for (const index of [1, 2]) await hosts[index]!.map({ hostPort: servers[index]!.port });
      const asked = () => servers[1]!.accepted > 0 && servers[2]!.accepted > 0;
      await until(async () => {
        await exchange(hosts[0]!.ip, PORT_A, "x");
        return asked();
      }, "both others are known");
      const isQuiet = () => servers.every((server) => server.active === 0);
      await until(isQuiet, "only what comes next is open");
      await hosts[0]!.map({ hostPort: servers[0]!.port });
      await open(30, hosts[0]!.ip, resources);
      assert.deepEqual(servers.map((server) => server.active), expected);
    }, `PREFER ${prefer}`);
  });
}

Deno.test("own pods that are full: other hosts serve, and the other way round", async () => {
  await withCluster(2, async ([one, two], resources) => {
    const servers = [one!, two!].map((host) => new TestServer(host.ip, greeter("hello")));
    resources.push(...servers);
    await one!.map({ hostPort: servers[0]!.port, maxConn: 2 });
    await two!.map({ hostPort: servers[1]!.port, maxConn: 3 });
    await open(5, one!.ip, resources);
    assert.deepEqual(servers.map((server) => server.active), [2, 3]);
    assert.equal(await exchange(one!.ip, PORT_A, "x"), "");
  }, "BUSYSECONDS 0.05\nPREFER own");
});

Deno.test("clients wait for room in the order they came", async () => {
  await withCluster(1, async ([host], resources) => {
    const server = new TestServer(host!.ip, greeter("hello"));
    resources.push(server);
    await host!.map({ hostPort: server.port, maxConn: 1 });
    let [current] = await open(1, host!.ip, resources);
    const order: number[] = [];
    const waiting: Promise<Deno.TcpConn>[] = [];
    for (let index = 0; index < 8; index++) {
      const conn = await Deno.connect({ hostname: host!.ip, port: PORT_A });
      resources.push({ close: () => quietClose(conn) });
      waiting.push(
        receive(conn, "\n").then((text) => {
          assert.equal(text, "hello\n");
          order.push(index);
          return conn;
        }),
      );
      await until(
        async () => (await host!.proxy.status()).sessions === index + 2,
        "it is waiting",
      );
    }
    for (const next of waiting) {
      current!.close();
      current = await next;
      assert.equal(server.active, 1);
    }
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

Deno.test("CLIENTFROM: others are closed at once, with a word in the log", async () => {
  await withCluster(1, async ([host], resources) => {
    const server = new TestServer(host!.ip, echo);
    resources.push(server);
    await host!.map({ hostPort: server.port });
    const cases: [string, string][] = [
      ["10.0.0.0/8,fd00::/8", ""],
      ["10.0.0.0/8,127.0.0.0/8", "x"],
      ["own", "x"],
      ["any", "x"],
    ];
    for (const [clientFrom, answer] of cases) {
      await host!.write("proxy.conf", `${host!.conf}\nCLIENTFROM ${clientFrom}`);
      await host!.proxy.reload();
      assert.equal(await exchange(host!.ip, PORT_A, "x").catch(() => ""), answer, clientFrom);
    }
    assert.equal(server.accepted, 3);
    const refused = host!.lines.filter((line) => line.includes("CLIENTFROM does not name"));
    assert.equal(refused.length, 1);
    assert.match(refused[0]!, new RegExp(`clusterPort=${PORT_A} client=127\\.`));
  });
});

Deno.test("IDLESECONDS: a silent connection is closed on both sides, a busy one is not", async () => {
  await withCluster(2, async ([one, two], resources) => {
    const server = new TestServer(two!.ip, greeter("hello"));
    resources.push(server);
    await two!.map({ hostPort: server.port });
    for (const host of [one!, two!]) {
      const [silent, busy] = await open(2, host.ip, resources);
      let closed = false;
      const closing = receive(silent!).catch(() => "").then(() => closed = true);
      const until = performance.now() + 2500;
      while (!closed || performance.now() < until) {
        await send(busy!, "x\n");
        assert.equal(await receive(busy!, "\n"), "x\n");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await closing;
      busy!.close();
    }
    await until(() => server.active === 0, "the pod is left alone");
  }, "IDLESECONDS 2");
});
