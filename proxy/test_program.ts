/** For tests: the program itself, as processes that take over from each other. */
import { dirname, join } from "node:path";

const MAIN = new URL("./main.ts", import.meta.url).pathname;

/** The program, with what it says. */
export class Program {
  readonly child: Deno.ChildProcess;
  said = "";
  readonly #reading: Promise<void>;

  readonly file: string;

  constructor(directory: string, conf: string) {
    this.file = join(directory, conf);
    this.child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", MAIN, "--takeover", this.file],
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

  /** What the command `ready` says about it. */
  async isReady(): Promise<boolean> {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", MAIN, "ready", this.file],
      env: { XDG_RUNTIME_DIR: dirname(this.file) },
    }).output();
    return success;
  }

  async end(): Promise<number> {
    const { code } = await this.child.status;
    await this.#reading;
    return code;
  }
}

/** Kills those that run. */
export async function endAll(programs: readonly Program[]): Promise<void> {
  for (const { child } of programs) {
    try {
      child.kill("SIGKILL");
    } catch { /* It ended. */ }
  }
  await Promise.all(programs.map((program) => program.end()));
}
