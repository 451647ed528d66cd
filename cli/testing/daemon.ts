/** Daemons for host homes on this machine, as processes of their own; ended with all pods of the homes. */
import { join } from "node:path";

const MAIN = new URL("../../daemon/main.ts", import.meta.url).pathname;

export class Daemons implements AsyncDisposable {
  readonly #running = new Map<string, Deno.ChildProcess>();
  readonly #homes = new Set<string>();

  start(home: string): void {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MAIN, home],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#running.set(home, child);
    this.#homes.add(home);
  }

  async stop(home: string, signal: Deno.Signal = "SIGTERM"): Promise<void> {
    const child = this.#running.get(home);
    this.#running.delete(home);
    child?.kill(signal);
    await child?.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const home of [...this.#running.keys()]) await this.stop(home);
    for (const home of this.#homes) {
      const script =
        'for pod in "$1"/pods/*/release/*/pod; do [ ! -f "$pod" ] || "$pod" rm --kill; done';
      await new Deno.Command("sh", {
        args: ["-c", script, "sh", join(home)],
        stdout: "null",
        stderr: "null",
      }).output();
    }
  }
}
