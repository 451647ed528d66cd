/** Restarts of the program itself, under load. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formatPortMappings } from "./conf/mod.ts";
import { LinuxEngine } from "./linux/linux_engine.ts";
import {
  exchange,
  freshAddress,
  greeter,
  PORT_A,
  receive,
  ROUTER,
  TestServer,
  until,
} from "./test_kit.ts";
import { endAll, Program } from "./test_program.ts";

Deno.test({
  name:
    "old and new process together never exceed maxConn, and what ends in the old one is room in the new",
  ignore: LinuxEngine.supported() !== undefined,
  fn: async () => {
    const directory = await Deno.makeTempDir({ prefix: "takeover-" });
    const ip = freshAddress();
    const server = new TestServer(ip, greeter("x"));
    /** Clients that were greeted and did not end: each of them has a place of the pod. */
    let served = 0;
    let most = 0;
    const limit = 6;
    const mapping = {
      clusterPort: PORT_A,
      hostPort: server.port,
      maxConn: limit,
      sendProxy: false,
    };
    await Deno.writeTextFile(join(directory, "portmappings.conf"), formatPortMappings([mapping]));
    await Deno.writeTextFile(join(directory, "hosts.conf"), `${ip}:${ROUTER}\n`);
    for (const name of ["old.conf", "new.conf", "third.conf"]) {
      const text =
        `HOST ${ip}\nPORT ${ROUTER}\nCLUSTERPORTS ${PORT_A}\nDRAINSECONDS 900\nBUSYSECONDS 60\n`;
      await Deno.writeTextFile(join(directory, name), text + "GIVEUPSECONDS 60\n");
    }
    const programs: Program[] = [];
    const start = async (conf: string) => {
      const program = programs[programs.push(new Program(directory, conf)) - 1]!;
      await until(() => program.said.includes("in force"), `${conf} serves`, 60_000);
      // Who is accepted by the one before may wait there, while the room is here.
      const before = programs.at(-2);
      await until(
        () => before?.said.includes("Another process takes over") ?? true,
        "it is replaced",
        60_000,
      );
      return program;
    };
    const held: Deno.TcpConn[] = [];
    const connect = async (): Promise<Deno.TcpConn> => {
      const conn = await Deno.connect({ hostname: ip, port: PORT_A });
      held.push(conn);
      assert.equal(await receive(conn, "\n"), "x\n");
      most = Math.max(most, ++served);
      return conn;
    };
    const close = (...conns: Deno.TcpConn[]) => {
      for (const conn of conns) {
        served--;
        held.splice(held.indexOf(conn), 1);
        conn.close();
      }
    };
    const open = async (count: number) => {
      for (let left = count; left > 0; left--) await connect();
    };
    /** Connects more than have room; those that have waited are served as room comes. */
    const crowd = async (count: number) => {
      await Promise.all(Array.from({ length: count }, async () => close(await connect())));
    };
    try {
      const first = await start("old.conf");
      await open(2);
      const waiting = crowd(12);
      const second = await start("new.conf");
      await waiting;
      await open(2);
      // A third one hears of both before it.
      const third = await start("third.conf");
      await crowd(8);
      await open(2);
      assert.equal(served, limit);
      const late = crowd(3);
      close(...held.slice(0, 2));
      await late;
      close(...held);
      assert.deepEqual([await first.end(), await second.end()], [0, 0]);
      // All of the limit is the third one's now.
      await open(limit);
      assert.equal(most, limit);
      close(...held);
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

Deno.test({
  name: "restarts that take over, there and back: no connection fails",
  ignore: LinuxEngine.supported() !== undefined,
  fn: async () => {
    const directory = await Deno.makeTempDir({ prefix: "takeover-" });
    const ip = freshAddress();
    const server = new TestServer(ip, greeter("x"));
    const mappings = [{
      clusterPort: PORT_A,
      hostPort: server.port,
      maxConn: 99,
      sendProxy: false,
    }];
    await Deno.writeTextFile(join(directory, "portmappings.conf"), formatPortMappings(mappings));
    for (const name of ["old.conf", "new.conf"]) {
      const text = `HOST ${ip}\nPORT ${ROUTER}\nCLUSTERPORTS ${PORT_A}\nDRAINSECONDS 60\n`;
      await Deno.writeTextFile(join(directory, name), text);
    }
    await Deno.writeTextFile(join(directory, "hosts.conf"), `${ip}:${ROUTER}\n`);
    const programs: Program[] = [];
    const start = (conf: string) => programs[programs.push(new Program(directory, conf)) - 1]!;
    const answers = new Map<string, number>();
    let asking = true;
    const clients: Promise<void>[] = [];
    try {
      const first = start("old.conf");
      await until(() => first.said.includes("in force"), "the first serves", 60_000);
      for (let client = 0; client < 4; client++) {
        clients.push((async () => {
          while (asking) {
            const answer = await exchange(ip, PORT_A, "y").catch(String);
            answers.set(answer, (answers.get(answer) ?? 0) + 1);
          }
        })());
      }
      const second = start("new.conf");
      assert.equal(await first.end(), 0);
      assert.match(first.said, /Another process takes over/);
      assert.deepEqual([await second.isReady(), await first.isReady()], [true, false]);
      // What a supervisor does with a program that ended. It must not take over at once again.
      const again = start("old.conf");
      await until(() => again.said.includes("Waits for another proxy"), "it waits", 60_000);
      assert.ok(await again.isReady(), "it will have the ports as soon as they are free");
      second.child.kill("SIGTERM");
      assert.equal(await second.end(), 0);
      await until(() => again.said.includes("in force"), "the old one serves again", 60_000);
      // Forth once more: this one replaced the new one before, and has to hand over to it all the same.
      await until(() => again.isReady(), "the old one can be asked", 60_000);
      const third = start("new.conf");
      await until(() => third.said.includes("Waits for another proxy"), "it waits", 60_000);
      again.child.kill("SIGTERM");
      assert.equal(await again.end(), 0);
      await until(() => third.said.includes("in force"), "the new one serves again", 60_000);
      asking = false;
      await Promise.all(clients);
      assert.deepEqual([...answers.keys()], ["x\ny"]);
      third.child.kill("SIGTERM");
      assert.equal(await third.end(), 0);
    } finally {
      asking = false;
      await Promise.all([...clients, endAll(programs)]);
      await server.close();
      await Deno.remove(directory, { recursive: true });
    }
  },
});
