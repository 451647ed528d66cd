/**
 * How large what `deno task build` makes is, how long the programs take to start, and how much memory
 * the daemon and the proxy take, against the same from the sources. Run: deno task bench:start
 */
import { basename, join } from "node:path";
import { VERSION } from "../../proxy/conf/mod.ts";
import { table } from "./table.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const RUNS = 7;
/** How long a program idles before its memory is read. */
const IDLE_MS = 5000;
const PROGRAMS = ["sns", "podc", "simplenetesd", "simplenetes-proxy"];

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

async function must(argv: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const [command, ...args] = argv;
  const begin = performance.now();
  const { success, stderr } = await new Deno.Command(command!, { args, env, cwd: ROOT }).output();
  if (!success) throw new Error(`${argv.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return performance.now() - begin;
}

/** The median of the times of several runs. */
async function start(argv: readonly string[]): Promise<string> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) times.push(await must(argv));
  return `${(times.sort((a, b) => a - b)[RUNS >> 1]! / 1000).toFixed(2)} s`;
}

/** The memory of a program that has begun to serve and idles. */
async function memory(argv: readonly string[], serving: RegExp): Promise<string> {
  const [command, ...args] = argv;
  const child = new Deno.Command(command!, { args, stdout: "null", stderr: "piped" }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!serving.test(said)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${argv.join(" ")} ended: ${said}`);
    said += value;
  }
  const rest = (async () => {
    while (!(await reader.read()).done);
  })();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const status = await Deno.readTextFile(`/proc/${child.pid}/status`);
  child.kill("SIGTERM");
  await Promise.all([child.status, rest]);
  return megabytes(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024);
}

async function home(work: string): Promise<{ home: string; conf: string }> {
  const dir = join(work, "home");
  await Deno.mkdir(dir);
  await Deno.writeTextFile(join(dir, "cluster-id.txt"), "bench-1\n");
  await Deno.writeTextFile(join(dir, "hosts.conf"), "127.0.0.77:32767\n");
  await Deno.writeTextFile(join(dir, "portmappings.conf"), "");
  const conf = join(dir, "proxy.conf");
  await Deno.writeTextFile(
    conf,
    "CLUSTERPORTS 61000-61999\nHOSTSCONF hosts.conf\nPORTSCONF portmappings.conf\n",
  );
  return { home: dir, conf };
}

async function main(): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "bench-start-" });
  try {
    const dist = join(work, "dist");
    await must(["deno", "run", "-A", "scripts/build.ts", `--out=${dist}`]);
    const files = [...Deno.readDirSync(dist)].map(({ name }) => name).sort();
    const sizes = files.map((name) => [name, megabytes(Deno.statSync(join(dist, name)).size)]);
    console.log(table(["artifact", "size"], sizes));

    const portable = files.find((name) => name.startsWith(`simplenetes-${VERSION}-`))!;
    const env = { SIMPLENETES_CACHE: join(work, "cache") };
    const first = await must([join(dist, portable), "sns", "--version"], env);
    const prefix = join(work, "prefix");
    const install = await must([join(dist, portable), "install", prefix]);
    console.log(
      `\n${basename(portable)}: first start ${(first / 1000).toFixed(1)} s,` +
        ` install ${(install / 1000).toFixed(1)} s\n`,
    );

    const places = { installed: join(prefix, "bin"), sources: join(ROOT, "scripts/bin") };
    const { home: hostHome, conf } = await home(work);
    const rows: string[][] = [];
    for (const program of PROGRAMS) {
      const row = [program];
      for (const bin of Object.values(places)) {
        row.push(await start([join(bin, program), "--version"]));
      }
      for (const bin of Object.values(places)) {
        const path = join(bin, program);
        if (program === "simplenetesd") row.push(await memory([path, hostHome], /serves/i));
        else if (program === "simplenetes-proxy") row.push(await memory([path, conf], /listen/i));
        else row.push("");
      }
      rows.push(row);
    }
    const head = [
      "--version",
      "start, installed",
      "from sources",
      "idle, installed",
      "from sources",
    ];
    console.log(table(head, rows));
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

if (import.meta.main) await main();
