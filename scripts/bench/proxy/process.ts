/** Processes that are measured, and programs that measure. */

const TICK_MS = 10;
const SBIN = "/usr/sbin:/sbin"; // Where Debian keeps servers, and only root's PATH leads.

const env = { PATH: `${Deno.env.get("PATH")}:${SBIN}`, LC_ALL: "C", NO_COLOR: "1" };

/** Runs a program to its end, and gives what it printed. */
export async function must(command: string, ...args: string[]): Promise<string> {
  const child = new Deno.Command(command, { args, env, stdin: "null" });
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  if (code !== 0) {
    throw new Error(
      `${command} ${args.join(" ")}: ${code}: ${text.decode(stderr)}${text.decode(stdout)}`,
    );
  }
  return text.decode(stdout);
}

/** A server that runs while it is measured. It may open as many files as this user may. */
export class Server implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  constructor(...command: string[]) {
    this.#child = new Deno.Command("sh", {
      args: ["-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@" >/dev/null 2>&1', "sh", ...command],
      env,
      stdin: "null",
    }).spawn();
  }

  /** CPU time of all its threads and of its ended children so far, in ms. */
  get cpuMs(): number {
    const [user, system, childrenUser, childrenSystem] = this.#times();
    return user + system + childrenUser + childrenSystem;
  }

  /** The part of it that was not spent in the kernel, without that of children. */
  get userMs(): number {
    return this.#times()[0];
  }

  get pid(): number {
    return this.#child.pid;
  }

  #times(): [number, number, number, number] {
    const stat = Deno.readTextFileSync(`/proc/${this.#child.pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
    return fields.slice(11, 15).map((ticks) => ticks * TICK_MS) as [number, number, number, number];
  }

  /** Resident memory, in kB. */
  get rssKb(): number {
    const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  }

  /** Its part of the memory that it has, alone or with others, in kB. */
  get pssKb(): number {
    const rollup = Deno.readTextFileSync(`/proc/${this.#child.pid}/smaps_rollup`);
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]);
  }

  /** Waits until `hostname:port` takes connections, and as long as the server lives. Gives the time since `begin` in ms. */
  async listens(hostname: string, port: number, begin = performance.now()): Promise<number> {
    let dead = false;
    this.#child.status.then(() => dead = true);
    for (;;) {
      try {
        (await Deno.connect({ hostname, port })).close();
        return performance.now() - begin;
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
        if (dead) throw new Error(`A server for ${hostname}:${port} ended at once`);
        if (performance.now() - begin > 60_000) throw new Error(`Nothing at ${hostname}:${port}`);
        await pause(5);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // It has ended by itself.
    }
    await this.#child.status;
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
