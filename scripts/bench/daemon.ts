/**
 * Figures of the daemon: from the change of a file to the pod's command, CPU and memory at rest.
 *
 *   deno run -A scripts/bench/daemon.ts [seconds of rest]
 *
 * The pods are real scripts that answer the Pod API, see daemon_pod.sh; the daemon is the real program.
 */
import { homePaths, releaseDir, releasePaths } from "../../daemon/mod.ts";
import { pause } from "./idle.ts";
import { median, type Row, table } from "./table.ts";

const MAIN = new URL("../../daemon/main.ts", import.meta.url).pathname;
const POD = new URL("./daemon_pod.sh", import.meta.url);
const TICK_MS = 10;
const REACTIONS = 25;

/** A host home with `count` pods and a daemon that serves it. */
class Bench implements AsyncDisposable {
  readonly home = Deno.makeTempDirSync({ prefix: "simplenetesd-bench-" });
  readonly dirs: readonly string[];
  readonly #daemon: Deno.ChildProcess;

  constructor(count: number) {
    Deno.mkdirSync(homePaths(this.home).pods);
    Deno.writeTextFileSync(homePaths(this.home).clusterId, "bench\n");
    this.dirs = Array.from({ length: count }, (_, n) => {
      const dir = releaseDir(this.home, `pod_${n}`, "1.0.0");
      Deno.mkdirSync(dir, { recursive: true });
      Deno.copyFileSync(POD, releasePaths(dir).pod);
      Deno.chmodSync(releasePaths(dir).pod, 0o755);
      return dir;
    });
    for (const dir of this.dirs) this.setState(dir, "running");
    this.#daemon = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", MAIN, this.home],
      stdin: "null",
      stderr: "null",
    }).spawn();
  }

  /** Replaces pod.state by rename, as a sync does. */
  setState(dir: string, state: string): void {
    Deno.writeTextFileSync(`${dir}/.state.new`, `${state}\n`);
    Deno.renameSync(`${dir}/.state.new`, releasePaths(dir).state);
  }

  /** The calls of a pod so far: what, and when it began in Unix milliseconds. */
  calls(dir: string): readonly (readonly [string, number])[] {
    const lines = read(`${dir}/called`).split("\n").slice(0, -1);
    return lines.map((line) => {
      const [call = "", ns = ""] = line.split(" ");
      return [call, Number(ns) / 1e6] as const;
    });
  }

  async allRun(): Promise<void> {
    for (const dir of this.dirs) while (this.calls(dir).length === 0) await pause(50);
    await pause(7000); // the looks after a start are over
  }

  /** Milliseconds from the change of a state to the beginning of the pod's command. */
  async reaction(round: number): Promise<number> {
    const dir = this.dirs[round % this.dirs.length]!;
    const before = this.calls(dir).length;
    const state = this.calls(dir).at(-1)![0] === "run" ? "stopped" : "running";
    const changed = performance.timeOrigin + performance.now();
    this.setState(dir, state);
    while (this.calls(dir).length === before) await pause(5);
    const began = this.calls(dir)[before]![1];
    await pause(300);
    return began - changed;
  }

  /** CPU of the daemon in percent of a core while nothing changes, and its memory. */
  async rest(seconds: number): Promise<{ readonly cpu: number; readonly rssMb: number }> {
    const { pid } = this.#daemon;
    const cpuMs = () => {
      const stat = read(`/proc/${pid}/stat`);
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
      return (fields[11]! + fields[12]!) * TICK_MS;
    };
    const [before, began] = [cpuMs(), performance.now()];
    await pause(seconds * 1000);
    const cpu = (cpuMs() - before) / (performance.now() - began) * 100;
    const kb = /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1];
    return { cpu, rssMb: Number(kb) / 1024 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#daemon.kill("SIGTERM");
    await this.#daemon.status;
    for (const dir of this.dirs) {
      const pid = Number(read(`${dir}/pid`));
      if (pid > 1) Deno.kill(-pid, "SIGKILL");
    }
    Deno.removeSync(this.home, { recursive: true });
  }
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

const seconds = Number(Deno.args[0] ?? "30");
const rows: Row[] = [];
for (const count of [1, 20, 100]) {
  await using bench = new Bench(count);
  await bench.allRun();
  const { cpu, rssMb } = await bench.rest(seconds);
  const reactions: number[] = [];
  for (let round = 0; round < REACTIONS; round += 1) reactions.push(await bench.reaction(round));
  rows.push([
    `${count} pods`,
    `${median(reactions).toFixed(0)} ms`,
    `${Math.max(...reactions).toFixed(0)} ms`,
    `${cpu.toFixed(2)} %`,
    `${rssMb.toFixed(0)} MB`,
  ]);
}
console.log(table(["daemon", "reaction p50", "worst of 25", "CPU at rest", "RSS"], rows));
