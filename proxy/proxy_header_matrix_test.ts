/** PROXY headers end to end: what the pod sees, by what the client sent and the pod wants. */
import assert from "node:assert/strict";
import {
  exchange,
  greeter,
  PORT_A,
  receive,
  send,
  testEachEngine,
  TestServer,
  withCluster,
} from "./test_kit.ts";

const V1 = "PROXY TCP4 9.8.7.6 5.4.3.2 1111 2081\r\n";
const V2 = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x09\x08\x07\x06\x05\x04\x03\x02\x04\x57\x08\x21";

for (const proxyFrom of ["own", "none"]) {
  testEachEngine(
    `client sends a header or not, target wants one or not, PROXYFROM ${proxyFrom}`,
    async () => {
      await withCluster(2, async ([one, two], resources) => {
        const server = new TestServer(two!.ip, greeter("hello"));
        resources.push(server);
        const made = (text: string) =>
          new RegExp(`^hello\nPROXY TCP4 127\\.0\\.0\\.1 ${two!.ip} \\d+ ${PORT_A}\r\n${text}$`);
        for (const host of [one!, two!]) {
          await two!.map({ hostPort: server.port, sendProxy: false });
          for (const header of ["", V1, V2]) {
            assert.equal(await exchange(host.ip, PORT_A, header + "data"), "hello\ndata");
          }
          await two!.map({ hostPort: server.port, sendProxy: true });
          assert.match(await exchange(host.ip, PORT_A, "data"), made("data"));
          assert.match(await exchange(host.ip, PORT_A, ""), made(""));
          if (proxyFrom === "own") {
            for (const header of [V1, V2]) {
              assert.equal(await exchange(host.ip, PORT_A, header + "data"), `hello\n${V1}data`);
            }
          }
        }
      }, `PROXYFROM ${proxyFrom}`);
    },
  );
}

testEachEngine(
  "a made header has the client's true port; nothing waits for a header nobody expects",
  async () => {
    await withCluster(1, async ([host], resources) => {
      const server = new TestServer(host!.ip, async (conn) => {
        await send(conn, `seen ${await receive(conn, "\r\n")}`);
      });
      resources.push(server);
      await host!.map({ hostPort: server.port, sendProxy: true });
      const start = performance.now();
      using conn = await Deno.connect({ hostname: host!.ip, port: PORT_A });
      const { hostname, port } = conn.localAddr;
      assert.equal(
        await receive(conn),
        `seen PROXY TCP4 ${hostname} ${host!.ip} ${port} ${PORT_A}\r\n`,
      );
      assert.ok(performance.now() - start < 15_000, "it waited");
    }, "PROXYFROM none\nPROXYWAITSECONDS 60");
  },
);
