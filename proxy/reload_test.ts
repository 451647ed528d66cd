/** What changes under a running proxy, and how it ends. */
import assert from "node:assert/strict";
import { formatHostsConf } from "./conf/mod.ts";
import { DenoEngine } from "./deno_engine.ts";
import { LocalPlane } from "./local_plane.ts";
import { Proxy } from "./proxy.ts";
import {
  exchange,
  freshAddress,
  greeter,
  PORT_A,
  PORT_B,
  quietClose,
  receive,
  refuses,
  ROUTER,
  send,
  sharedPort,
  testEachEngine,
  TestHost,
  TestServer,
  until,
  withCluster,
} from "./test_kit.ts";

testEachEngine(
  "files are followed without being told, and kept while they can't be read",
  async () => {
    await withCluster(1, async ([host], resources) => {
      const server = new TestServer(host!.ip, greeter("x"));
      resources.push(server);
      await host!.write("portmappings.conf", `${PORT_A}:${server.port}:10:false\n`);
      const applied = (what: string) => host!.lines.filter((line) => line.includes(what)).length;
      await until(() => applied("mappings=1") === 1, "the mapping is in force");
      await Deno.remove(`${host!.directory}/portmappings.conf`);
      await until(() => applied("kept as it was") === 1, "it is said that the file is gone");
      await new Promise((resolve) => setTimeout(resolve, 150));
      assert.equal(applied("kept as it was"), 1);
      assert.equal(await exchange(host!.ip, PORT_A, "y"), "x\ny");
      const before = applied("mappings=0");
      await host!.write("portmappings.conf", "\n");
      await until(() => applied("mappings=0") === before + 1, "the empty file is in force");
      assert.equal(applied("in order again"), 1);
      assert.equal(await exchange(host!.ip, PORT_A, "y"), "");
    });
  },
);

testEachEngine("changed CLUSTERPORTS and PORT open and close just the difference", async () => {
  await withCluster(1, async ([host], resources) => {
    const server = new TestServer(host!.ip, greeter("x"));
    resources.push(server);
    await host!.map({ hostPort: server.port });
    using conn = await Deno.connect({ hostname: host!.ip, port: PORT_A });
    assert.equal(await receive(conn, "\n"), "x\n");
    await host!.write("proxy.conf", `PORT ${ROUTER + 1}\nCLUSTERPORTS ${PORT_B}-${PORT_B + 1}`);
    await host!.proxy.reload();
    for (const port of [PORT_A, ROUTER]) {
      await until(() => refuses(host!.ip, port), `nobody listens on ${port}`);
    }
    for (const port of [PORT_B, PORT_B + 1, ROUTER + 1]) {
      assert.equal(await refuses(host!.ip, port), false);
    }
    await send(conn, "still\n");
    assert.equal(await receive(conn, "\n"), "still\n");

    await host!.write("proxy.conf", `PORT ${ROUTER}\nCLUSTERPORT 1`);
    await host!.proxy.reload();
    assert.match(host!.lines.join("\n"), /line 2: unknown key .* did you mean CLUSTERPORTS/);
    assert.equal(await refuses(host!.ip, ROUTER + 1), false);
  });
});

testEachEngine("the own address follows hosts.conf, unless it can't be listened on", async () => {
  await withCluster(1, async ([host]) => {
    const [next, port] = [freshAddress(), ROUTER];
    await host!.write("hosts.conf", formatHostsConf([{ hostname: next, port }]));
    await host!.proxy.reload();
    await until(() => refuses(host!.ip, PORT_A), "nobody listens on the old address");
    assert.equal(await refuses(next, PORT_A), false);
    await host!.write("hosts.conf", formatHostsConf([{ hostname: "192.0.2.1", port }]));
    await host!.proxy.reload();
    assert.equal(await refuses(next, PORT_A), false);
    assert.match(host!.lines.join("\n"), /Cannot listen on a new address.*stays=127/);
    // All interfaces are shared with whatever else runs on this machine.
    const ports = `PORT ${sharedPort()}\nCLUSTERPORTS ${sharedPort()}\n`;
    for (const conf of [ports, `HOST 0.0.0.0\n${ports}`]) {
      await host!.write("proxy.conf", conf);
      await host!.proxy.reload();
      assert.equal((await host!.proxy.status()).listeners, 2, host!.lines.join("\n"));
    }
  });
});

testEachEngine("a port that is taken is reported once and opened when it is free", async () => {
  await withCluster(1, async ([host]) => {
    const taken = Deno.listen({ hostname: host!.ip, port: PORT_B + 1 });
    await host!.write(
      "proxy.conf",
      `${host!.conf}`.replace(`${PORT_B}`, `${PORT_B}-${PORT_B + 1}`),
    );
    await host!.proxy.reload();
    assert.equal((await host!.proxy.status()).listeners, 3);
    assert.match(host!.lines.join("\n"), /Cannot listen on 1 of 4 ports .*ports=61003/);
    taken.close();
    await until(async () => (await host!.proxy.status()).listeners === 4, "the port is open");
    assert.match(host!.lines.join("\n"), /All ports are open/);
  });
});

testEachEngine(
  "the end of a proxy that missed a port does not tell that all are open",
  async () => {
    await withCluster(1, async ([host]) => {
      using _taken = Deno.listen({ hostname: host!.ip, port: PORT_B + 1 });
      await host!.write("proxy.conf", host!.conf.replace(`${PORT_B}`, `${PORT_B}-${PORT_B + 1}`));
      await host!.proxy.reload();
      await host!.proxy.drain();
      assert.doesNotMatch(host!.lines.join("\n"), /All ports are open/);
    });
  },
);

testEachEngine("a mapping that leads back to the proxy is left out", async () => {
  await withCluster(1, async ([host]) => {
    await host!.map({ hostPort: PORT_A }, { clusterPort: PORT_B, hostPort: ROUTER });
    assert.equal(await exchange(host!.ip, PORT_A, "x"), "");
    assert.equal(host!.lines.filter((line) => line.includes("leads back")).length, 2);
  });
});

testEachEngine("drain: nothing new, what is open goes on, then it ends", async () => {
  await withCluster(2, async ([one, two], resources) => {
    const server = new TestServer(two!.ip, greeter("x"));
    resources.push(server);
    await two!.map({ hostPort: server.port });
    const conn = await Deno.connect({ hostname: one!.ip, port: PORT_A });
    resources.push({ close: () => quietClose(conn) });
    assert.equal(await receive(conn, "\n"), "x\n");
    let ended = false;
    const drained = one!.proxy.drain(60_000).then(() => ended = true);
    await until(async () => (await one!.proxy.status()).listeners === 0, "it stopped listening");
    await until(() => refuses(one!.ip, PORT_A), "nothing new is accepted");
    await send(conn, "still\n");
    assert.equal(await receive(conn, "\n"), "still\n");
    assert.equal(ended, false);
    conn.close();
    await drained;
    assert.equal((await one!.proxy.status()).connections, 0);
  });
});

testEachEngine("drain: what goes on for too long is cut off", async () => {
  await withCluster(1, async ([host], resources) => {
    const server = new TestServer(host!.ip, greeter("x"));
    resources.push(server);
    await host!.map({ hostPort: server.port });
    using conn = await Deno.connect({ hostname: host!.ip, port: PORT_A });
    assert.equal(await receive(conn, "\n"), "x\n");
    await host!.proxy.drain(20);
    assert.equal(await receive(conn).catch(() => ""), "");
  });
});

testEachEngine("a slow reader holds the sender back", async () => {
  await withCluster(2, async ([one, two], resources) => {
    let sent = 0;
    const total = 96 * 1024 * 1024;
    const server = new TestServer(two!.ip, async (conn) => {
      const chunk = new Uint8Array(1024 * 1024);
      while (sent < total) {
        await send(conn, chunk);
        sent += chunk.length;
      }
    });
    resources.push(server);
    await two!.map({ hostPort: server.port });
    using conn = await Deno.connect({ hostname: one!.ip, port: PORT_A });
    let received = await conn.read(new Uint8Array(1000)) ?? 0;
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    // Three connections' kernel buffers lie in between, and two of our own.
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes are in flight`);
    const buffer = new Uint8Array(1024 * 1024);
    for (let read: number | null; (read = await conn.read(buffer)) !== null;) received += read;
    assert.equal(received, total);
  });
});

Deno.test("a file that changes while the proxy still starts makes no second data plane", async () => {
  const directory = await Deno.makeTempDir({ prefix: "proxy-test-" });
  const conf = `PORT ${ROUTER}\nCLUSTERPORTS ${PORT_A}\n`;
  const host = new TestHost(freshAddress(), directory, conf);
  await host.write("proxy.conf", conf);
  await host.write("hosts.conf", formatHostsConf([host.address]));
  await host.write("portmappings.conf", "\n");
  let planes = 0;
  const held = Promise.withResolvers<void>();
  const starting = Proxy.start({
    confFile: `${directory}/proxy.conf`,
    log: host.log,
    directories: host.directories,
    pollMs: 10,
    makePlane: async (first, log) => {
      planes++;
      await held.promise;
      return new LocalPlane(new DenoEngine(), log, first);
    },
  });
  await until(() => planes > 0, "the plane is being made");
  await host.write("portmappings.conf", `${PORT_A}:${sharedPort()}:10:false\n`);
  // Time for the change to be seen several times.
  await new Promise((resolve) => setTimeout(resolve, 300));
  held.resolve();
  const proxy = await starting;
  try {
    const mappings = async () => (await proxy.describe()).mappings.length;
    await until(async () => await mappings() === 1, "the mapping is in force");
    assert.equal(planes, 1);
  } finally {
    await proxy.stop();
    await Deno.remove(directory, { recursive: true });
  }
});
