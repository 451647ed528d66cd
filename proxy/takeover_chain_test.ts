/** Restarts of the program itself, before those before have ended. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formatPortMappings } from "./conf/mod.ts";
import { LinuxEngine } from "./linux/linux_engine.ts";
import { freshAddress, greeter, PORT_A, receive, ROUTER, TestServer, until } from "./test_kit.ts";
import { endAll, Program } from "./test_program.ts";

Deno.test({
  name: "what the first process has counts in the third one, also when the second is killed",
  ignore: LinuxEngine.supported() !== undefined,
  fn: async () => {
    const directory = await Deno.makeTempDir({ prefix: "takeover-" });
    const ip = freshAddress();
    const server = new TestServer(ip, greeter("x"));
    const limit = 6;
    const mappings = formatPortMappings([
      { clusterPort: PORT_A, hostPort: server.port, maxConn: limit, sendProxy: false },
    ]);
    await Deno.writeTextFile(join(directory, "portmappings.conf"), mappings);
    await Deno.writeTextFile(join(directory, "hosts.conf"), `${ip}:${ROUTER}\n`);
    const programs: Program[] = [];
    const start = async () => {
      const name = `proxy${programs.length}.conf`;
      const waits = "DRAINSECONDS 900\nBUSYSECONDS 600\nGIVEUPSECONDS 600\n";
      const text = `HOST ${ip}\nPORT ${ROUTER}\nCLUSTERPORTS ${PORT_A}\n${waits}`;
      await Deno.writeTextFile(join(directory, name), text);
      const program = programs[programs.push(new Program(directory, name)) - 1]!;
      await until(() => program.said.includes("in force"), `${name} serves`, 60_000);
      // One before it takes no further clients.
      const before = programs.at(-2);
      await until(() => before?.said.includes("takes over") ?? true, "it is the one", 60_000);
      return program;
    };
    const held: Deno.TcpConn[] = [];
    const connect = async () => {
      const conn = await Deno.connect({ hostname: ip, port: PORT_A });
      held.push(conn);
      assert.equal(await receive(conn, "\n"), "x\n");
    };
    try {
      const first = await start();
      for (let count = 0; count < 4; count++) await connect();
      const second = await start();
      const third = await start();
      second.child.kill("SIGKILL");
      await second.end();
      let greeted = 4;
      const more = Promise.all([5, 6, 7].map(() => connect().then(() => greeted++)));
      await until(() => greeted === limit, "the rest is taken", 60_000);
      // The seventh finds room once the first process has less, and not before.
      held.shift()!.close();
      await more;
      assert.equal(server.peak, limit);
      for (const conn of held) conn.close();
      held.length = 0;
      assert.equal(await first.end(), 0);
      third.child.kill("SIGTERM");
      assert.equal(await third.end(), 0);
    } finally {
      for (const conn of held) conn.close();
      await endAll(programs);
      await server.close();
      await Deno.remove(directory, { recursive: true });
    }
  },
});
