/** Hosts that come, go and come back are found in the background, before a client needs them. */
import assert from "node:assert/strict";
import { formatHostsConf } from "./conf/mod.ts";
import {
  blackHole,
  echo,
  exchange,
  freshAddress,
  greeter,
  PORT_A,
  receive,
  ROUTER,
  send,
  type TestHost,
  TestServer,
  until,
  withCluster,
} from "./test_kit.ts";

/** How often `host` asked `other`, for clients and in the background. */
async function asksOf(
  host: TestHost,
  other: TestHost,
): Promise<Record<"probes" | "clients", number>> {
  const { asks = [] } = await host.proxy.metrics();
  const count = (forWhom: string) =>
    asks.filter(({ labels }) => labels[0] === `${other.ip}:${ROUTER}` && labels[2] === forWhom)
      .reduce((sum, { values }) => sum + values[0]!, 0);
  return { probes: count("probe"), clients: count("client") };
}

Deno.test("a host that was silent or gone is found again, and no client waits for it meanwhile", async () => {
  await withCluster(3, async ([one, two, three], resources) => {
    const servers = [two!, three!].map((host) => new TestServer(host.ip, greeter(host.ip)));
    resources.push(...servers);
    await two!.map({ hostPort: servers[0]!.port });
    await three!.map({ hostPort: servers[1]!.port });
    const both = () => servers.every((server) => server.accepted >= 3);
    const reset = () => servers.forEach((server) => server.accepted = 0);
    const spread = async () => {
      if (both()) return true;
      await exchange(one!.ip, PORT_A, "x");
      return false;
    };
    await exchange(one!.ip, PORT_A, "x");
    await until(spread, "both serve");

    await three!.proxy.stop();
    const hole = await blackHole(three!.ip, ROUTER);
    await exchange(one!.ip, PORT_A, "x"); // One client may find out.
    await exchange(one!.ip, PORT_A, "x");
    const before = await asksOf(one!, three!);
    await until(async () => {
      assert.equal(await exchange(one!.ip, PORT_A, "x"), `${two!.ip}\nx`);
      const { probes, clients } = await asksOf(one!, three!);
      // A client that began before the host was known to be silent may be among them.
      assert.ok(clients <= before.clients + 1, "clients look after the silent host");
      return probes >= before.probes + 2;
    }, "it was asked in the background several times");
    await hole.close();
    await three!.start();
    reset();
    await until(spread, "both serve again");
  }, "REMEMBERREFUSED 0.1\nREMEMBERSILENT 0.1\nCONNECTSECONDS 0.5\nPREDIAL 0");
});

Deno.test("a host that is added to hosts.conf is asked soon; what the others answered is kept", async () => {
  await withCluster(3, async ([one, two, three], resources) => {
    const servers = [two!, three!].map((host) => new TestServer(host.ip, echo));
    resources.push(...servers);
    await two!.map({ hostPort: servers[0]!.port });
    await three!.map({ hostPort: servers[1]!.port });
    const list = async (...hosts: { address: { hostname: string; port: number } }[]) => {
      await one!.write("hosts.conf", formatHostsConf(hosts.map((host) => host.address)));
      await one!.proxy.reload();
    };
    await list(one!, two!);
    assert.equal(await exchange(one!.ip, PORT_A, "x"), "x");
    await list(one!, two!, three!);
    // Nobody but the prober can tell: a client goes straight to the host that is known.
    await until(() => servers[1]!.accepted > 0, "the new host was asked");
    await until(() => servers[1]!.active === 0, "the pod was left alone");
    await until(async () => (await three!.proxy.status()).sessions === 0, "so was the proxy");
    assert.equal(servers[0]!.accepted, 1);
    for (let turn = 0; turn < 4; turn++) await exchange(one!.ip, PORT_A, "x");
    assert.ok(servers[1]!.accepted >= 3, "it serves");
  });
});

Deno.test("a probe is given up by a reset before any byte is sent to the pod", async () => {
  await withCluster(3, async ([one, two, three], resources) => {
    let heard = "";
    let reset: boolean | undefined;
    const quiet = new TestServer(three!.ip, async (conn) => {
      heard += await receive(conn).catch(() => "");
    });
    const asked: string[] = [];
    const original = freshAddress();
    const peer = new TestServer(original, async (conn) => {
      asked.push(await receive(conn, "\r\n"));
      await send(conn, "SENDPROXY=false\r\n");
      await receive(conn).catch(() => "");
      await new Promise((resolve) => setTimeout(resolve, 20));
      // After a plain end the first write would still be taken.
      reset = await send(conn, "x").then(() => false, () => true);
    }, ROUTER);
    const server = new TestServer(two!.ip, echo);
    resources.push(quiet, peer, server);
    await two!.map({ hostPort: server.port });
    assert.equal(await exchange(one!.ip, PORT_A, "x"), "x");
    await three!.map({ hostPort: quiet.port });
    await one!.know(two!.address, three!.address, { hostname: original, port: ROUTER });
    await until(() => reset !== undefined, "the scripted host was left");
    assert.equal(reset, true);
    assert.deepEqual(asked, [`PROXY TCP4 1.2.3.4 1.2.3.4 123 ${PORT_A}\r\n`]);
    await until(() => quiet.accepted > 0 && quiet.active === 0, "the pod was asked and left alone");
    assert.equal(heard, "");
  }, "REMEMBERREFUSED 0.2");
});
