/** Hosts whose proxy begins a positive answer and does not end it. */
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
  until,
  withCluster,
} from "./test_kit.ts";

for (const reply of ["SENDPROXY=", "SENDPROXY=fa", "SENDPROXY=maybe"]) {
  testEachEngine(`"${reply}" and no more is silence, and never believed`, async () => {
    await withCluster(2, async ([one, two], resources) => {
      let asked = 0;
      const silence = Promise.withResolvers<void>();
      const half = new TestServer(freshAddress(), async (conn) => {
        await receive(conn, "\r\n");
        asked++;
        await send(conn, reply);
        await silence.promise;
      }, ROUTER);
      const server = new TestServer(two!.ip, greeter("two"));
      resources.push(half, server, { close: () => silence.resolve() });
      const address = { hostname: half.hostname, port: ROUTER };
      await two!.map({ hostPort: server.port });
      await one!.know(address, two!.address);
      const answers = new Set<string>();
      // By clients first, then by background questions after what is remembered ran out.
      for (let turn = 0; turn < 5 || asked < 4; turn++) {
        assert.equal(await exchange(one!.ip, PORT_A, "x"), "two\nx");
        for (const { host, remembered } of (await one!.proxy.describe()).hosts) {
          if (host !== `${half.hostname}:${ROUTER}`) continue;
          for (const { answer } of remembered) answers.add(answer);
        }
      }
      await until(async () => (await one!.proxy.status()).sessions === 0, "nobody is left");
      const wanted = reply === "SENDPROXY=maybe" ? "refused" : "silent";
      answers.delete(wanted);
      assert.deepEqual([...answers], []);
    }, "CONNECTSECONDS 1\nREMEMBERSILENT 0.2\nREMEMBERREFUSED 0.2\nPREDIAL 0");
  });
}
