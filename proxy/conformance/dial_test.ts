import assert from "node:assert/strict";
import { dial, DialError } from "../engine.ts";
import { blackHole } from "../test_kit.ts";
import { type Bench, eachEngine } from "./engines.ts";

/** The failure of a dial that has to fail. */
async function failure(bench: Bench, hostname: string, port: number, timeoutMs = 10_000) {
  try {
    (await dial(bench.engine, { hostname, port }, timeoutMs)).close();
  } catch (error) {
    assert.ok(error instanceof DialError, String(error));
    return error;
  }
  assert.fail(`${hostname}:${port} was dialled`);
}

eachEngine("dial: a port nobody listens on refuses", async (bench) => {
  for (const hostname of [bench.hostname, "::1"]) {
    const { port } = bench.free(hostname);
    const error = await failure(bench, hostname, port);
    assert.equal(error.kind, "refused");
    assert.ok(error.message.includes(`${hostname}:${port}`), error.message);
  }
});

eachEngine("dial: a host that does not answer is silent after the time it has", async (bench) => {
  const { port } = bench.free();
  const hole = await blackHole(bench.hostname, port);
  const began = performance.now();
  const error = await failure(bench, bench.hostname, port, 100);
  assert.equal(error.kind, "silent");
  assert.match(error.message, /no answer .* within 100 ms/);
  assert.ok(performance.now() - began >= 99);
  await hole.close();
});

eachEngine("dial: closeAll gives up what is being dialled", async (bench) => {
  const { port } = bench.free();
  const hole = await blackHole(bench.hostname, port);
  const failed = failure(bench, bench.hostname, port, 60_000);
  await new Promise((resolve) => setTimeout(resolve, 20));
  bench.engine.closeAll();
  await failed;
  await hole.close();
});

eachEngine("dial: what can't be an address fails like any other", async (bench) => {
  const error = await failure(bench, "300.300.300.300", 80);
  assert.ok(error.message.includes("300.300.300.300:80"), error.message);
});

eachEngine("dial: without a route there is silence", async (bench) => {
  // A documentation prefix: nobody has it, and most machines have no route for IPv6 at all.
  const error = await failure(bench, "2001:db8::1", 80, 200);
  assert.equal(error.kind, "silent");
});

const canUnshare = new Deno.Command("unshare", { args: ["-rn", "true"] }).outputSync().success;

for (const engine of ["deno", "linux"]) {
  Deno.test({
    name: `${engine}: dial: a port that connects to itself refuses, and none left is told as such`,
    ignore: !canUnshare || Deno.build.os !== "linux",
    async fn() {
      // In a network of its own, where one port is all there is to connect from.
      const script =
        "ip link set lo up && echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range" +
        ' && exec "$@"';
      const child = new URL("./dial_child.ts", import.meta.url).pathname;
      const { stdout, stderr } = await new Deno.Command("unshare", {
        args: ["-rn", "sh", "-c", script, "sh", Deno.execPath(), "run", "-A", child, engine],
      }).output();
      const told = new TextDecoder().decode(stdout).split("\n");
      assert.deepEqual(told.slice(0, 2), [
        "refused 127.0.0.1:40000 connected to itself",
        "open",
      ], new TextDecoder().decode(stderr));
      assert.match(told[2]!, /^local Cannot connect to 127.0.0.1:40001: .*(EADDRNOTAVAIL|99)/);
    },
  });
}
