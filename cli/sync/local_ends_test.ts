import assert from "node:assert/strict";
import { canonicalAddress, parseConnections, portInKernel } from "./local_ends.ts";

Deno.test("parseConnections: addresses and ports, open connections only", () => {
  const text = [
    "0200007F:7530 01",
    "0100007F:7530 0A", // listens
    "0100007F:7531 06", // is over
    "0000000000000000FFFF00000301A8C0:7530 08",
    "B80D0120000000000000000001000000:7530 01",
    "nonsense",
    "",
  ].join("\n");
  assert.deepEqual(parseConnections(text), [
    { address: "127.0.0.2", port: 30000 },
    { address: "192.168.1.3", port: 30000 },
    { address: "2001:db8::1", port: 30000 },
  ]);
  assert.equal(portInKernel(80), "0050");
  assert.equal(canonicalAddress("2001:DB8:0:0::1"), "2001:db8::1");
  assert.equal(canonicalAddress("10.0.0.1"), "10.0.0.1");
});

Deno.test("parseConnections: a connection of this process is found", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  using _near = await Deno.connect({ hostname: "127.0.0.1", port });
  using _far = await listener.accept();
  const lines = (await Deno.readTextFile("/proc/net/tcp")).split("\n")
    .map((line) => line.trim().split(/\s+/)).map(([, local, , state]) => `${local} ${state}`);
  const ends = parseConnections(lines.join("\n")).filter((end) => end.port === port);
  assert.deepEqual(ends, [{ address: "127.0.0.1", port }]);
});
