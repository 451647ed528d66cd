/** The system's daemon on a machine of its own, for tests. */
import type { HomeStatus } from "../status/text.ts";
import type { ServedHome } from "../system/homes.ts";
import { parseSystemReport } from "../system/system_report.ts";
import { text } from "./home.ts";
import { Machine, whyNoMachine } from "./machine.ts";

const why = await whyNoMachine();
if (why) console.warn(`The system mode is not tested: ${why}`);

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The daemon on `machine`; disposing of it ends it. */
export class SystemDaemon implements AsyncDisposable {
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

  /** What the command `status` says. */
  async status(): Promise<{ readonly homes: readonly HomeStatus[] }> {
    const { success, stdout, stderr } = await this.machine.daemon(["status", "--json"]).output();
    if (!success) throw new Error(decode(stderr));
    return JSON.parse(decode(stdout));
  }

  /** The homes that are served now. */
  async served(): Promise<readonly ServedHome[]> {
    const report = parseSystemReport(await text(this.machine.path("/run/simplenetesd/homes.json")));
    return report?.homes.filter(({ phase }) => phase === "serving") ?? [];
  }

  async [Symbol.asyncDispose]() {
    try {
      this.child.kill("SIGTERM");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
    await this.child.status;
    await this.#reading;
  }
}

/** A test on a machine of its own; ignored, with a reason, where there can be none. */
export function systemTest(name: string, body: (machine: Machine) => Promise<void>): void {
  Deno.test({
    name,
    ignore: why !== undefined,
    fn: async () => {
      await using machine = await Machine.make();
      await body(machine);
    },
  });
}
