import assert from "node:assert/strict";
import { LinuxEngine } from "../linux/linux_engine.ts";
import { echo, exchange, receive, refuses, send, TestServer, until } from "../test_kit.ts";
import { eachEngine } from "./engines.ts";

const nothing = () => {};

eachEngine("listen: an address in use is told, and free again after close", async (bench) => {
  const address = bench.free();
  const first = bench.engine.listen(address, nothing, nothing);
  assert.throws(
    () => bench.engine.listen(address, nothing, nothing),
    (error: Error & { code?: string }) =>
      error.code === "EADDRINUSE" || error instanceof Deno.errors.AddrInUse,
  );
  await first.close();
  await first.close();
  // A process that another test starts just now may have the socket for a moment.
  await until(() => refuses(address.hostname, address.port), "it refuses");
  await bench.engine.listen(address, nothing, nothing).close();
});

eachEngine("listen: an address of another machine is told", (bench) => {
  assert.throws(() => bench.engine.listen({ hostname: "192.0.2.1", port: 1 }, nothing, nothing));
  return Promise.resolve();
});

eachEngine("listen: connections outlive their listener", async (bench) => {
  const address = bench.free();
  const accepted = Promise.withResolvers<void>();
  const listener = bench.engine.listen(address, (connection) => {
    accepted.resolve();
    connection.read(new Uint8Array(9)).then((length) => connection.write(new Uint8Array(length!)))
      .then(() => connection.close());
  }, nothing);
  const client = bench.add(await Deno.connect(address));
  await accepted.promise;
  await listener.close();
  await send(client, "abc");
  assert.equal((await receive(client)).length, 3);
});

eachEngine(
  "listen: a mistake with one connection is told, and the next ones served",
  async (bench) => {
    const address = bench.free();
    const told: unknown[] = [];
    let count = 0;
    const listener = bench.engine.listen(address, (connection) => {
      connection.close();
      if (++count === 1) throw new Error("first");
    }, (error) => told.push(error));
    for (let index = 0; index < 2; index++) assert.equal(await exchangeNothing(address), "");
    assert.match(String(told), /first/);
    assert.deepEqual([count, told.length], [2, 1]);
    await listener.close();
  },
);

async function exchangeNothing(address: Deno.ConnectOptions): Promise<string> {
  using conn = await Deno.connect(address);
  return await receive(conn);
}

eachEngine("listen: 2000 connections leave nothing behind", async (bench) => {
  const server = new TestServer(bench.hostname, echo);
  let ends = 0;
  const address = bench.route(
    { hostname: bench.hostname, port: server.port },
    () => ({}),
    () => ends++,
  );
  const talk = async (count: number) => {
    for (let index = 0; index < count; index++) {
      assert.equal(await exchange(address.hostname, address.port, "hello"), "hello");
    }
  };
  await talk(10);
  await until(() => bench.engine.count === 0 && server.active === 0, "the first ones have ended");
  const before = openFiles();
  await Promise.all(Array.from({ length: 20 }, () => talk(100)));
  await until(() => bench.engine.count === 0 && server.active === 0, "all have ended");
  assert.equal(ends, 2010);
  // Other tests of this process open some at the same time.
  const more = openFiles() - before;
  assert.ok(more < 500, `${more} more file descriptors are open`);
  await server.close();
});

/** File descriptors of this process; 0 where that can't be known. */
function openFiles(): number {
  return Deno.build.os === "linux" ? [...Deno.readDirSync("/proc/self/fd")].length : 0;
}

for (const engine of ["deno", "linux"]) {
  Deno.test({
    name: `${engine}: listen: without free file descriptors it waits, says so, and goes on`,
    ignore: Deno.build.os !== "linux" || (engine === "linux" && !!LinuxEngine.supported()),
    fn: () => outOfFiles(engine),
  });
}

async function outOfFiles(engine: string): Promise<void> {
  const file = new URL("./listen_child.ts", import.meta.url).pathname;
  await using child = new Deno.Command("sh", {
    args: ["-c", 'ulimit -n 64 && exec "$@"', "sh", Deno.execPath(), "run", "-A", file, engine],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const told = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      const { done, value } = await output.read();
      assert.equal(done, false, `It ended without telling ${pattern}: ${text}`);
      text += value;
    }
    return pattern.exec(text)!;
  };
  const address = { hostname: "127.0.0.1", port: Number((await told(/port (\d+)\n/))[1]) };
  const conns: Deno.TcpConn[] = [];
  for (let index = 0; index < 100; index++) conns.push(await Deno.connect(address));
  await told(/trouble .*(EMFILE|os error 24)/);
  // Those that were accepted are served.
  await send(conns[0]!, "abc");
  assert.equal(await receive(conns[0]!, "abc"), "abc");
  for (const conn of conns) conn.close();
  assert.equal(await exchange(address.hostname, address.port, "after"), "after");
  await child.stdin.close();
  await told(/listening failed: .*(EMFILE|os error 24)/);
  await output.cancel();
  assert.equal((await child.status).code, 0);
}
