/** The system mode for real, as root, on a machine of its own: accounts, privileges, ramdisks, restarts. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { text, until } from "../testing/home.ts";
import { Machine, whyNoMachine } from "../testing/machine.ts";

const why = await whyNoMachine();
if (why) console.warn(`the system mode is not tested: ${why}`);

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The daemon on `machine`; disposing of it ends it. */
class SystemDaemon implements AsyncDisposable {
  log = "";
  readonly child: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  constructor(readonly machine: Machine, env: Record<string, string> = {}) {
    this.child = machine.daemon(["--poll-seconds=1"], {
      stdin: "null",
      stdout: "inherit",
      stderr: "piped",
      env,
    }).spawn();
    this.#reading = this.#read(this.child.stderr);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of stream) this.log += decode(chunk);
  }

  async status(): Promise<{ homes: { home: string; phase: string; pid: number }[] }> {
    const { stdout } = await this.machine.daemon(["status", "--json"]).output();
    return JSON.parse(decode(stdout));
  }

  async [Symbol.asyncDispose]() {
    this.child.kill("SIGTERM");
    await this.child.status;
    await this.#reading;
  }
}

function systemTest(name: string, body: (machine: Machine) => Promise<void>): void {
  Deno.test({
    name,
    ignore: why !== undefined,
    fn: async () => {
      await using machine = await Machine.make();
      await body(machine);
    },
  });
}

systemTest(
  "every account's homes are served with its own privileges and nothing else",
  async (machine) => {
    const [ann, bob] = [machine.users[0]!, machine.users[1]!];
    const home = await machine.hostHome(ann);
    const web = await machine.pod(ann, home, "web", "running");
    const other = await machine.hostHome(bob, `${bob.home}/deep/er/home`);
    const api = await machine.pod(bob, other, "api", "running");
    await machine.as(
      bob,
      'mkdir "$HOME/.simplenetes-homes" && ln -s "$1" "$HOME/.simplenetes-homes/1"',
      other,
    );
    await Deno.writeTextFile(`${web.dir}/probe`, "");
    await using daemon = new SystemDaemon(machine, { SECRET: "x", LD_LIBRARY_PATH: "/nowhere" });
    await until("both pods", async () => {
      return (await web.calls()).includes("run") && (await api.calls()).includes("run");
    });
    console.log(daemon.log);
  },
);
