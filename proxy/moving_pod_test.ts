/** Pods that move while a client looks for them. */
import assert from "node:assert/strict";
import {
  exchange,
  freshAddress,
  greeter,
  PORT_A,
  receive,
  ROUTER,
  send,
  testEachEngine,
  TestServer,
  withCluster,
} from "./test_kit.ts";

/** Longer than a client looks again for a pod that nobody has. */
const LONG_MS = 400;
const long = () => new Promise((resolve) => setTimeout(resolve, LONG_MS));

testEachEngine(
  "a pod that comes to the own host while another host is slow to say no",
  async () => {
    await withCluster(1, async ([one], resources) => {
      const server = new TestServer(one!.ip, greeter("own"));
      const ip = freshAddress();
      let asked = 0;
      const peer = new TestServer(ip, async (conn) => {
        await receive(conn, "\r\n");
        if (asked++ > 0) return;
        await one!.map({ hostPort: server.port });
        await long();
      }, ROUTER);
      resources.push(server, peer);
      await one!.know({ hostname: ip, port: ROUTER });
      assert.equal(await exchange(one!.ip, PORT_A, "x"), "own\nx");
    });
  },
);

testEachEngine("a pod that comes to another host just after that said no, slowly", async () => {
  await withCluster(1, async ([one], resources) => {
    const ip = freshAddress();
    let asked = 0;
    const peer = new TestServer(ip, async (conn) => {
      await receive(conn, "\r\n");
      if (asked++ === 0) return await long();
      await send(conn, "SENDPROXY=false\r\n");
      await greeter("other")(conn);
    }, ROUTER);
    resources.push(peer);
    await one!.know({ hostname: ip, port: ROUTER });
    assert.equal(await exchange(one!.ip, PORT_A, "x"), "other\nx");
  });
});
