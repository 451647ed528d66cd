import assert from "node:assert/strict";
import {
  blackHole,
  echo,
  exchange,
  freshAddress,
  greeter,
  PORT_A,
  PORT_B,
  quietClose,
  receive,
  ROUTER,
  send,
  testEachEngine,
  TestServer,
  until,
  withCluster,
} from "./test_kit.ts";

testEachEngine("a client reaches a pod on its own host, and one on another host", async () => {
  await withCluster(2, async ([one, two], resources) => {
    const server = new TestServer(two!.ip, echo);
    resources.push(server);
    await two!.map({ hostPort: server.port });
    assert.equal(await exchange(two!.ip, PORT_A, "local"), "local");
    assert.equal(await exchange(one!.ip, PORT_A, "remote"), "remote");
    assert.equal(await exchange(one!.ip, PORT_A, "again"), "again");
    assert.equal(await exchange(one!.ip, PORT_B, "nobody"), "");
    await until(async () => (await one!.proxy.status()).sessions === 0, "no session is left");
    assert.equal((await one!.proxy.status()).connections, 0);
  });
});

testEachEngine(
  "a server that speaks first is heard at once, also when the reply brings its bytes",
  async () => {
    await withCluster(2, async ([one, two], resources) => {
      const server = new TestServer(two!.ip, greeter("220 hello"));
      resources.push(server);
      await two!.map({ hostPort: server.port });
      for (const host of [one!, two!]) {
        for (let turn = 0; turn < 5; turn++) {
          using conn = await Deno.connect({ hostname: host.ip, port: PORT_A });
          const start = performance.now();
          assert.equal(await receive(conn, "\n"), "220 hello\n");
          assert.ok(performance.now() - start < 15_000, "it was delayed");
          await send(conn, "PRO");
          await send(conn, "XY\n");
          assert.equal(await receive(conn, "\n"), "PROXY\n");
        }
      }
    }, "PROXYWAITSECONDS 60");
  },
);

testEachEngine("half-close: either side may go on after the other ended", async () => {
  await withCluster(2, async ([one, two], resources) => {
    const counter = new TestServer(two!.ip, async (conn) => {
      const all = await receive(conn);
      await send(conn, `${all.length} bytes`);
    });
    const early = new TestServer(two!.ip, async (conn) => {
      await send(conn, "done");
      await conn.closeWrite();
      heard = await receive(conn);
    });
    let heard = "";
    resources.push(counter, early);
    await two!.map({ hostPort: counter.port }, { clusterPort: PORT_B, hostPort: early.port });
    for (const host of [one!, two!]) {
      assert.equal(await exchange(host.ip, PORT_A, "x".repeat(100_000)), "100000 bytes");
      heard = "";
      using conn = await Deno.connect({ hostname: host.ip, port: PORT_B });
      assert.equal(await receive(conn), "done");
      await send(conn, "still here");
      await conn.closeWrite();
      await until(() => heard === "still here", "the server heard the rest");
    }
  });
});

/** Settings of a proxy that lets clients wait for as long as a test needs. */
const PATIENT = "BUSYSECONDS 60\nGIVEUPSECONDS 60";

testEachEngine(
  "all at their limit: wait for room, then close; counts live through reloads",
  async () => {
    await withCluster(2, async ([one, two], resources) => {
      const server = new TestServer(two!.ip, greeter("hello"));
      resources.push(server);
      await two!.map({ hostPort: server.port, maxConn: 2 });
      const held = [];
      for (let index = 0; index < 2; index++) {
        const conn = await Deno.connect({ hostname: one!.ip, port: PORT_A });
        resources.push({ close: () => quietClose(conn) });
        held.push(conn);
        assert.equal(await receive(conn, "\n"), "hello\n");
      }
      await two!.map({ hostPort: server.port, maxConn: 2 }, {
        clusterPort: PORT_B,
        hostPort: 30000,
      });
      assert.equal(await exchange(one!.ip, PORT_A, "x"), "");
      assert.equal(await exchange(two!.ip, PORT_A, "x"), "");
      assert.equal(server.accepted, 2);

      await one!.write("proxy.conf", one!.conf.replace("BUSYSECONDS 0.5", PATIENT));
      await one!.proxy.reload();
      const waiting = exchange(one!.ip, PORT_A, "waited");
      await until(async () => (await one!.proxy.status()).sessions === 3, "the third is searching");
      held[0]!.close();
      assert.equal(await waiting, "hello\nwaited");
    }, "BUSYSECONDS 0.5");
  },
);

testEachEngine("dead hosts cost a moment at first and nothing later", async () => {
  await withCluster(3, async ([one, two, three], resources) => {
    await two!.proxy.stop();
    resources.push(await blackHole(two!.ip, ROUTER));
    const server = new TestServer(three!.ip, greeter("three"));
    resources.push(server);
    await three!.map({ hostPort: server.port });
    const refusing = { hostname: freshAddress(), port: ROUTER };
    await one!.know(two!.address, three!.address, refusing);
    for (let turn = 0; turn < 20; turn++) {
      const start = performance.now();
      assert.equal(await exchange(one!.ip, PORT_A, "x"), "three\nx");
      assert.ok(performance.now() - start < 15_000, "it waited for a dead host");
    }
    assert.equal(server.accepted, 20);
  }, "CONNECTSECONDS 60\nGIVEUPSECONDS 120");
});

testEachEngine(
  "a port that refuses: the next mapping, then other hosts, within the same connection",
  async () => {
    await withCluster(2, async ([one, two], resources) => {
      const gone = new TestServer(one!.ip, echo);
      await gone.close();
      const local = new TestServer(one!.ip, greeter("one"));
      const remote = new TestServer(two!.ip, greeter("two"));
      resources.push(local, remote);
      await two!.map({ hostPort: remote.port });
      await one!.map({ hostPort: gone.port }, { hostPort: local.port });
      for (let turn = 0; turn < 4; turn++) {
        assert.equal(await exchange(one!.ip, PORT_A, "x"), "one\nx");
      }
      await local.stopListening();
      for (let turn = 0; turn < 4; turn++) {
        assert.equal(await exchange(one!.ip, PORT_A, "x"), "two\nx");
      }
    });
  },
);

testEachEngine("memory that went stale makes no connection fail", async () => {
  await withCluster(3, async ([one, two, three], resources) => {
    const servers = [two!, three!].map((host) => new TestServer(host.ip, greeter(host.ip)));
    resources.push(...servers);
    for (let turn = 0; turn < 6; turn++) {
      const [has, hasNot] = turn % 2 === 0 ? [two!, three!] : [three!, two!];
      await has.map({ hostPort: servers[turn % 2]!.port });
      await hasNot.map();
      assert.equal(await exchange(one!.ip, PORT_A, "x"), `${has.ip}\nx`);
      assert.equal(await exchange(one!.ip, PORT_A, "x"), `${has.ip}\nx`);
    }
  });
});

testEachEngine("connections spread over all hosts, those that come later included", async () => {
  await withCluster(3, async ([one, two, three], resources) => {
    const servers = [two!, three!].map((host) => new TestServer(host.ip, echo));
    resources.push(...servers);
    await two!.map({ hostPort: servers[0]!.port });
    assert.equal(await exchange(one!.ip, PORT_A, "x"), "x");
    await three!.map({ hostPort: servers[1]!.port });
    await until(() => {
      const spread = servers.every((server) => server.accepted >= 5);
      if (!spread) exchange(one!.ip, PORT_A, "x");
      return spread;
    }, "both hosts serve");
    await until(async () => (await one!.proxy.status()).sessions === 0, "all have ended");
  }, "REMEMBERREFUSED 0.05");
});

testEachEngine(
  "a mapping that leaves keeps its connections, and they end with the pod",
  async () => {
    await withCluster(2, async ([one, two], resources) => {
      const server = new TestServer(two!.ip, greeter("two"));
      resources.push(server);
      await two!.map({ hostPort: server.port });
      using conn = await Deno.connect({ hostname: one!.ip, port: PORT_A });
      assert.equal(await receive(conn, "\n"), "two\n");
      await two!.map();
      assert.equal(await exchange(one!.ip, PORT_A, "x"), "");
      await send(conn, "still\n");
      assert.equal(await receive(conn, "\n"), "still\n");
      await server.close();
      assert.equal(await receive(conn).catch(() => ""), "");
    });
  },
);

testEachEngine("a probe that lost the race does not stay with its pod", async () => {
  await withCluster(3, async ([one, two, three], resources) => {
    const idle = (conn: Deno.TcpConn) => conn.read(new Uint8Array(1)).then(() => forever);
    let release = () => {};
    const forever = new Promise<void>((resolve) => release = resolve);
    const servers = [two!, three!].map((host) => new TestServer(host.ip, idle));
    resources.push(...servers, { close: () => release() });
    await two!.map({ hostPort: servers[0]!.port });
    await three!.map({ hostPort: servers[1]!.port });
    using conn = await Deno.connect({ hostname: one!.ip, port: PORT_A });
    await until(
      async () =>
        (await two!.proxy.status()).sessions + (await three!.proxy.status()).sessions === 1 &&
        servers[0]!.accepted + servers[1]!.accepted === 2,
      "only the winner is left",
    );
    assert.equal(conn.remoteAddr.port, PORT_A);
  });
});

testEachEngine(
  "2,000 short connections while a target goes away and comes back: none fails",
  async () => {
    await withCluster(2, async ([one, two], resources) => {
      let local = new TestServer(one!.ip, greeter("x"));
      const remote = new TestServer(two!.ip, greeter("x"));
      resources.push(remote, { close: () => local.close() });
      const { port } = local;
      await one!.map({ hostPort: port });
      await two!.map({ hostPort: remote.port });
      let failed = 0;
      let served = 0;
      for (let batch = 0; batch < 100; batch++) {
        // The port refuses long before or after portmappings.conf says so.
        if (batch % 10 === 3) await local.close();
        if (batch % 10 === 6) await one!.map();
        if (batch % 10 === 8) local = new TestServer(one!.ip, greeter("x"), port);
        if (batch % 10 === 9) await one!.map({ hostPort: port });
        await Promise.all(Array.from({ length: 20 }, async (_, index) => {
          const from = index % 2 === 0 ? one! : two!;
          const answer = await exchange(from.ip, PORT_A, "hello").catch(String);
          served++;
          if (answer !== "x\nhello") failed++;
        }));
      }
      assert.deepEqual({ served, failed }, { served: 2000, failed: 0 });
      await until(
        async () => (await one!.proxy.status()).connections === 0,
        "nothing is left open",
      );
    });
  },
);

testEachEngine(
  "2,000 short connections while a mapping leaves and returns under load: none fails",
  async () => {
    await withCluster(2, async ([one, two], resources) => {
      const servers = [one!, two!].map((host) => new TestServer(host.ip, greeter("x")));
      resources.push(...servers);
      const mapped = (index: number) =>
        [one!, two!][index]!.map({ hostPort: servers[index]!.port });
      await Promise.all([mapped(0), mapped(1)]);
      let left = 2000;
      let failed = 0;
      const served = new Array<number>(16).fill(0);
      const worker = async (index: number) => {
        while (left-- > 0) {
          const from = index % 2 === 0 ? one! : two!;
          if (await exchange(from.ip, PORT_A, "hello").catch(String) !== "x\nhello") failed++;
          served[index]!++;
        }
        served[index] = Infinity;
      };
      // A client that began while one mapping was gone is not to find the other one gone, too.
      const allBeganSince = (before: readonly number[]) => () =>
        served.every((count, index) => count > before[index]! + 1 || count === Infinity);
      const toggle = async () => {
        for (let turn = 0; left > 0; turn++) {
          await [one!, two!][turn % 2]!.map();
          await new Promise((resolve) => setTimeout(resolve, 10));
          await mapped(turn % 2);
          await until(allBeganSince([...served]), "all clients began since");
        }
      };
      await Promise.all([toggle(), ...served.map((_, index) => worker(index))]);
      assert.equal(failed, 0);
    });
  },
);
