/** Restarts of the program itself, under load. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formatPortMappings } from "./conf/mod.ts";
import { LinuxEngine } from "./linux/linux_engine.ts";
import { exchange, freshAddress, greeter, PORT_A, ROUTER, TestServer, until } from "./test_kit.ts";

/** The program, with what it says. */
class Program {
  readonly child: Deno.ChildProcess;
  said = "";
  readonly #reading: Promise<void>;

  constructor(directory: string, conf: string) {
    const main = new URL("./main.ts", import.meta.url).pathname;
    this.child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", main, "--takeover", join(directory, conf)],
      env: { XDG_RUNTIME_DIR: directory },
      stderr: "piped",
      stdout: "null",
    }).spawn();
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    for await (const text of this.child.stderr.pipeThrough(new TextDecoderStream())) {
      this.said += text;
    }
  }

  async end(): Promise<number> {
    const { code } = await this.child.status;
    await this.#reading;
    return code;
  }
}

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
      const text = `HOST ${ip}\nPORT ${ROUTER}\nCLUSTERPORTS ${PORT_A}\nDRAINSECONDS 5\n`;
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
      // What a supervisor does with a program that ended. It must not take over at once again.
      const again = start("old.conf");
      await until(() => again.said.includes("Waits for another proxy"), "it waits", 60_000);
      second.child.kill("SIGTERM");
      assert.equal(await second.end(), 0);
      await until(() => again.said.includes("in force"), "the old one serves again", 60_000);
      asking = false;
      await Promise.all(clients);
      assert.deepEqual([...answers.keys()], ["x\ny"]);
      again.child.kill("SIGTERM");
      assert.equal(await again.end(), 0);
    } finally {
      asking = false;
      for (const { child } of programs) {
        try {
          child.kill("SIGKILL");
        } catch { /* It ended. */ }
      }
      await Promise.all([...clients, ...programs.map((program) => program.end())]);
      await server.close();
      await Deno.remove(directory, { recursive: true });
    }
  },
});
