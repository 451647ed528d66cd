/** Real proxies, real traffic, and what they tell about it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  exchange,
  freshPort,
  greeter,
  isListening,
  PORT_A,
  PORT_B,
  receive,
  ROUTER,
  send,
  testEachEngine,
  TestHost,
  TestServer,
  until,
  withCluster,
} from "../test_kit.ts";
import { askProxy } from "./client.ts";
import type { ProxyStatus } from "./status.ts";
import { parsePrometheus } from "./testing/parse_prometheus.ts";

const ask = (host: TestHost, path: "/status" | "/metrics") =>
  askProxy(join(host.directory, "proxy.conf"), path, host.directories);

const statusOf = async (host: TestHost): Promise<ProxyStatus> =>
  JSON.parse(await ask(host, "/status"));

/** Reads one sample at a time; those that are not there are `undefined`. */
async function metricsOf(host: TestHost) {
  const { samples } = parsePrometheus(await ask(host, "/metrics"));
  return (name: string, labels: Record<string, string | number> = {}) =>
    samples.get(
      `simplenetes_proxy_${name}`,
      Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, `${value}`])),
    );
}

testEachEngine("traffic between two hosts is counted on both", async () => {
  await withCluster(2, async ([one, two], resources) => {
    const server = new TestServer(two!.ip, greeter("x"));
    resources.push(server);
    await two!.map({ hostPort: server.port });
    using open = await Deno.connect({ hostname: one!.ip, port: PORT_A });
    assert.equal(await receive(open, "\n"), "x\n");
    for (let turn = 0; turn < 3; turn++) {
      assert.equal(await exchange(one!.ip, PORT_A, "12345"), "x\n12345");
    }
    assert.equal(await exchange(one!.ip, PORT_B, "1"), "");
    const host = `${two!.ip}:${ROUTER}`;
    const port = { cluster_port: PORT_A };
    await until(async () => (await statusOf(two!)).sessions === 1, "the exchanges have ended");
    await until(async () => (await statusOf(one!)).sessions === 1, "the exchanges have ended");

    let value = await metricsOf(one!);
    const clients = (labels: Record<string, string | number>) =>
      value("client_connections_total", labels);
    assert.equal(clients({ ...port, host, result: "ok" }), 4);
    assert.equal(clients({ cluster_port: PORT_B, host: "", result: "no target" }), 1);
    assert.equal(value("active_connections", { ...port, host, side: "client" }), 1);
    assert.equal(value("bytes_total", { ...port, side: "client", direction: "to pod" }), 15);
    assert.equal(value("bytes_total", { ...port, side: "client", direction: "from pod" }), 23);
    assert.equal(value("ended_connections_total", { side: "client", end: "closed" }), 3);
    const answers = ["ok", "refused"].map((answer) =>
      value("asks_total", { host, answer, asked_for: "client" }) ?? 0
    );
    assert.ok(answers[0]! >= 4 && answers[1]! >= 1, `${answers}`);
    assert.ok(value("ask_seconds_count", { host })! >= answers[0]! + answers[1]!);
    assert.equal(value("listeners"), 3);
    assert.equal(value("listeners_wanted"), 3);
    assert.ok(value("open_connections")! >= 2);
    assert.equal(value("workers"), (await statusOf(one!)).workers);

    value = await metricsOf(two!);
    const peers = (labels: Record<string, string | number>) =>
      value("peer_connections_total", labels);
    assert.equal(peers({ ...port, result: "ok" }), 4);
    assert.ok(peers({ cluster_port: PORT_B, result: "no target" })! >= 1);
    assert.equal(value("active_connections", { ...port, host: "local", side: "peer" }), 1);
    assert.equal(value("bytes_total", { ...port, side: "peer", direction: "to pod" }), 15);
    assert.ok(value("pod_connect_seconds_count")! >= 4);
  });
});

Deno.test("the status tells hosts, mappings, settings and what is wrong", async () => {
  await withCluster(2, async ([one, two], resources) => {
    const server = new TestServer(two!.ip, greeter("x"));
    resources.push(server);
    await two!.map({ hostPort: server.port, maxConn: 7 });
    using open = await Deno.connect({ hostname: one!.ip, port: PORT_A });
    assert.equal(await receive(open, "\n"), "x\n");
    const status = await statusOf(one!);
    assert.deepEqual(status.listeners, { open: 3, wanted: 3, missing: "" });
    assert.deepEqual([status.pid, status.host, status.port], [Deno.pid, one!.ip, ROUTER]);
    assert.deepEqual([status.sessions, status.draining], [1, false]);
    assert.ok(status.connections >= 2);
    const [own, other] = status.hosts;
    assert.deepEqual([own!.own, own!.host], [true, `${one!.ip}:${ROUTER}`]);
    const { remembered, ...rest } = other!;
    const address = `${two!.ip}:${ROUTER}`;
    assert.deepEqual(rest, { host: address, own: false, address, active: 1 });
    assert.deepEqual(remembered.map(({ port, answer }) => [port, answer]), [[PORT_A, "ok"]]);
    assert.ok(remembered[0]!.seconds > 290 && remembered[0]!.seconds <= 300);
    assert.deepEqual((await statusOf(two!)).mappings, [
      { clusterPort: PORT_A, hostPort: server.port, maxConn: 7, sendProxy: false, active: 1 },
    ]);

    const { reloads } = status;
    await one!.write("portmappings.conf", "nonsense\n");
    await one!.proxy.reload();
    const after = await statusOf(one!);
    assert.equal(after.reloads, reloads + 1);
    assert.deepEqual(after.problems.map(({ file }) => file), [after.settings.portsConf]);
    assert.equal((await metricsOf(one!))("files_with_problems"), 1);
  });
});

Deno.test("SOCKET and METRICS are followed", async () => {
  await withCluster(1, async ([host]) => {
    const port = freshPort();
    const taken = Deno.listen({ hostname: host!.ip, port });
    const before = [...Deno.readDirSync(host!.directories.own)].map(({ name }) => name);
    assert.deepEqual(before, [`simplenetes-proxy-${host!.ip}-${ROUTER}.sock`]);
    // The port is taken still: that is told, and all else goes on.
    const conf = `${host!.conf}SOCKET other.sock\nMETRICS ${host!.ip}:${port}\n`;
    await host!.write("proxy.conf", conf);
    await host!.proxy.reload();
    assert.match(host!.lines.join("\n"), /Cannot be asked .*at=127\S+ .*in use/);
    assert.deepEqual([...Deno.readDirSync(host!.directories.own)], []);
    assert.equal((await statusOf(host!)).pid, Deno.pid);
    taken.close();
    await until(() => !isListening(host!.ip, port), "the port is free");
    await host!.write("proxy.conf", conf + "IDLESECONDS 5\n");
    await host!.proxy.reload();
    const url = `http://${host!.ip}:${port}`;
    const metrics = await fetch(`${url}/metrics`);
    assert.equal(metrics.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(
      parsePrometheus(await metrics.text()).types.get("simplenetes_proxy_info"),
      "gauge",
    );
    for (const path of ["/status", "/", "/takeover"]) {
      const refused = await fetch(url + path);
      assert.equal(refused.status, 404, path);
      await refused.body?.cancel();
    }
    await host!.write("proxy.conf", host!.conf);
    await host!.proxy.reload();
    await assert.rejects(fetch(`${url}/metrics`), TypeError);
    await host!.proxy.stop();
    assert.deepEqual([...Deno.readDirSync(host!.directories.own)], []);
    await assert.rejects(statusOf(host!), /No proxy answers for .*there is no such socket/);
  });
});

Deno.test("a second proxy for the same socket runs, and says that it can't be asked", async () => {
  await withCluster(1, async ([host]) => {
    const second = new TestHost(host!.ip, host!.directory, host!.conf);
    await second.start();
    try {
      assert.match(second.lines.join("\n"), /Cannot be asked .*another process serves it/);
      await second.proxy.stop();
      assert.equal((await statusOf(host!)).listeners.open, 3);
    } finally {
      await second.proxy.stop();
    }
  });
});

Deno.test("clients that are refused, and those for whom there is no room, are counted", async () => {
  await withCluster(1, async ([host], resources) => {
    const server = new TestServer(host!.ip, greeter("x"));
    resources.push(server);
    await host!.map({ hostPort: server.port, maxConn: 1 });
    using open = await Deno.connect({ hostname: host!.ip, port: PORT_A });
    assert.equal(await receive(open, "\n"), "x\n");
    assert.equal(await exchange(host!.ip, PORT_A, "1"), "");
    await host!.write("proxy.conf", `${host!.conf}CLIENTFROM 192.0.2.1\n`);
    await host!.proxy.reload();
    assert.equal(await exchange(host!.ip, PORT_A, "1").catch(() => ""), "");
    const value = await metricsOf(host!);
    const clients = (host: string, result: string) =>
      value("client_connections_total", { cluster_port: PORT_A, host, result });
    assert.deepEqual(
      [clients("local", "ok"), clients("", "busy"), clients("", "refused")],
      [1, 1, 1],
    );
  }, "BUSYSECONDS 0.05\n");
});

Deno.test("while it drains it can still be asked", async () => {
  await withCluster(1, async ([host], resources) => {
    const server = new TestServer(host!.ip, greeter("x"));
    resources.push(server);
    await host!.map({ hostPort: server.port });
    const open = await Deno.connect({ hostname: host!.ip, port: PORT_A });
    assert.equal(await receive(open, "\n"), "x\n");
    const drained = host!.proxy.drain(60_000);
    await until(async () => (await statusOf(host!)).draining, "it drains");
    open.close();
    await drained;
    await assert.rejects(statusOf(host!), /there is no such socket/);
  });
});

testEachEngine("a change of ENGINE or WORKERS is said to wait for a restart", async () => {
  await withCluster(1, async ([host]) => {
    const waits = async () => (await statusOf(host!)).waitsForRestart;
    const said = () => host!.lines.filter((line) => line.includes("at start only")).length;
    assert.deepEqual(await waits(), []);
    const other = host!.conf.includes("ENGINE deno") ? "ENGINE linux" : "ENGINE deno";
    for (const more of ["", "IDLESECONDS 5\n"]) {
      await host!.write("proxy.conf", host!.conf.replace(/ENGINE \w+/, other) + more);
      await host!.proxy.reload();
    }
    assert.deepEqual(await waits(), [other]);
    assert.equal(said(), 1, host!.lines.join("\n"));
    await host!.write("proxy.conf", host!.conf);
    await host!.proxy.reload();
    assert.deepEqual([await waits(), said()], [[], 1]);
  });
});

testEachEngine("bytes of a connection that stays open are counted", async () => {
  await withCluster(2, async ([one, two], resources) => {
    const server = new TestServer(two!.ip, greeter("two"));
    resources.push(server);
    await two!.map({ hostPort: server.port });
    using conn = await Deno.connect({ hostname: one!.ip, port: PORT_A });
    assert.equal(await receive(conn, "\n"), "two\n");
    const bytes = async (host: TestHost, side: string, direction: string) =>
      (await metricsOf(host))("bytes_total", { cluster_port: PORT_A, side, direction });
    await until(
      async () => await bytes(one!, "client", "from pod") === 4,
      "the client's are there",
    );
    await until(async () => await bytes(two!, "peer", "from pod") === 4, "the pod's are there");
    await send(conn, "hello\n");
    assert.equal(await receive(conn, "\n"), "hello\n");
    await until(async () => await bytes(one!, "client", "to pod") === 6, "the client's are there");
    await until(async () => await bytes(one!, "client", "from pod") === 10, "and what came back");
  });
});
