/**
 * What a connection costs, and a GB: CPU time in the program and in the kernel, and calls into the
 * kernel, of one thread of our proxy beside one of HAProxy in its best tuning, in alternating rounds.
 *
 *     deno run -A scripts/bench/proxy_cost.ts [--rounds=5] [--seconds=3] [--hops=1,2] [--loads=new,kept,bulk1,bulk8] [--engines=linux,deno] [--base=DIR] [--calls] [--quick]
 *
 * `--base` compares with our proxy of another checkout, too. `--calls` counts calls by strace, in a round of its own. Needs what proxy.ts needs. CPU time of a
 * whole process (both, with two hops) by the ticks of the kernel; medians over the rounds. A round of one
 * load takes some 8 s for each contender, so all of it takes about half an hour: the table of each load
 * is printed as soon as it is there, and `--quick` is 2 rounds of new connections over one hop.
 */
import { parseArgs } from "node:util";
import { type Contender, haproxy, ours } from "./proxy/contenders.ts";
import { bulk, Pods, requests } from "./proxy/load.ts";
import { ready, WARM_UP_SECONDS } from "./proxy/measures.ts";
import { checkPrograms } from "./proxy/programs.ts";
import { median, table } from "./table.ts";

/** A load; gives how many units (connections, requests, GB) were served. */
type Load = (contender: Contender, seconds: number) => Promise<number>;

const LOADS: Readonly<Record<string, { unit: string; run: Load }>> = {
  new: {
    unit: "connection",
    run: async (contender, seconds) =>
      (await requests(contender.address("http"), "new", seconds)).count,
  },
  kept: {
    unit: "request",
    run: async (contender, seconds) =>
      (await requests(contender.address("http"), "kept", seconds)).count,
  },
  bulk1: {
    unit: "GB",
    run: async (contender, seconds) => await bulk(contender.address("bulk"), 1, seconds) / 1e9,
  },
  bulk8: {
    unit: "GB",
    run: async (contender, seconds) => await bulk(contender.address("bulk"), 8, seconds) / 1e9,
  },
};

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string", default: "3" },
      hops: { type: "string" },
      loads: { type: "string" },
      engines: { type: "string", default: "linux,deno" },
      base: { type: "string" },
      calls: { type: "boolean", default: false },
    },
  });
  const seconds = Number(values.seconds);
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
  const allHops = (values.hops ?? (values.quick ? "1" : "1,2")).split(",").map(Number);
  const loads = (values.loads ?? (values.quick ? "new" : "new,kept,bulk1,bulk8")).split(",");
  const contenders = values.engines.split(",").flatMap((name) => [
    ...values.base === undefined ? [] : [ours(name, 1, values.base)],
    ours(name, 1),
  ]);
  contenders.push(haproxy(1));
  await checkPrograms();
  await using _pods = await Pods.start();
  for (const hops of allHops) {
    for (const load of loads) {
      const rows = await measure(contenders, hops, load, rounds, seconds);
      if (values.calls) rows.push(...await countCalls(contenders, hops, load));
      console.log(table(["per unit", ...contenders.map(({ name }) => name)], rows));
    }
  }
}

async function measure(
  contenders: readonly Contender[],
  hops: number,
  load: string,
  rounds: number,
  seconds: number,
): Promise<string[][]> {
  const { unit, run } = LOADS[load]!;
  const user = contenders.map((): number[] => []);
  const system = contenders.map((): number[] => []);
  const rate = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      console.error(`${hops} hops, ${load}, round ${round + 1} of ${rounds}: ${contender.name}`);
      await using running = await contender.start(hops);
      await ready(running);
      await run(contender, WARM_UP_SECONDS);
      const [cpuMs, userMs] = [running.cpuMs, running.userMs];
      const units = await run(contender, seconds);
      const inUser = (running.userMs - userMs) * 1000 / units;
      user[index]!.push(inUser);
      system[index]!.push((running.cpuMs - cpuMs) * 1000 / units - inUser);
      rate[index]!.push(units / seconds);
    }
  }
  const name = `${hops} hop${hops === 1 ? "" : "s"}, ${load}:`;
  const total = (index: number) =>
    median(user[index]!.map((each, at) => each + system[index]![at]!));
  const last = contenders.length - 1;
  const digits = unit === "GB" ? 0 : 1;
  return [
    [`${name} user us/${unit}`, ...user.map((each) => median(each).toFixed(digits))],
    [`${name} system us/${unit}`, ...system.map((each) => median(each).toFixed(digits))],
    [
      `${name} CPU us/${unit}`,
      ...contenders.map((_, index) =>
        `${total(index).toFixed(digits)} (${(total(index) / total(last)).toFixed(2)})`
      ),
    ],
    [
      `${name} ${unit}s/s`,
      ...rate.map((each) =>
        `${median(each).toFixed(unit === "GB" ? 2 : 0)} (${
          (median(each) / median(rate[last]!)).toFixed(2)
        })`
      ),
    ],
  ];
}

/** Calls into the kernel per unit, of all processes of a contender. */
async function countCalls(
  contenders: readonly Contender[],
  hops: number,
  load: string,
): Promise<string[][]> {
  const { unit, run } = LOADS[load]!;
  const counts = new Map<string, string[]>();
  for (const [index, contender] of contenders.entries()) {
    await using running = await contender.start(hops);
    await ready(running);
    await run(contender, 1);
    const file = await Deno.makeTempFile();
    const pids = running.servers.flatMap(({ pid }) => ["-p", `${pid}`]);
    const strace = new Deno.Command("strace", {
      args: ["-c", "-f", "-U", "calls,name", "-o", file, ...pids],
      stdin: "null",
      stderr: "piped",
    }).spawn();
    const reader = strace.stderr.getReader();
    await reader.read(); // "attached"
    const units = await run(contender, 2);
    strace.kill("SIGINT");
    reader.releaseLock();
    await strace.stderr.cancel();
    await strace.status;
    for (const line of (await Deno.readTextFile(file)).split("\n")) {
      const [, calls, name] = /^\s*(\d+)\s+(\w+)$/.exec(line) ?? [];
      if (!name) continue;
      const row = counts.get(name) ?? contenders.map(() => "");
      if (Number(calls) / units >= 0.005) row[index] = (Number(calls) / units).toFixed(2);
      counts.set(name, row);
    }
    await Deno.remove(file);
  }
  return [...counts].filter(([, row]) => row.some((cell) => cell !== ""))
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, row]) => [`${hops} hop, ${load}: ${name}/${unit}`, ...row]);
}
