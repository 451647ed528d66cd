/**
 * The proxy beside a direct connection and HAProxy in TCP mode in its best tuning, in alternating rounds.
 *
 *     deno run -A scripts/bench/proxy.ts [--quick] [--rounds=5] [--seconds=5]
 *
 * Needs iperf3, wrk, haproxy and nginx. `(1.10)` is the ratio to the better one of the HAProxy columns;
 * of CPU, memory and times less is better. All on loopback: the CPU of a machine is shared by
 * clients, proxies and servers, so CPU per unit is the steadiest figure.
 */
import { parseArgs } from "node:util";
import { atRest, inUse, type Measured, UNITS } from "./proxy/measures.ts";
import { contenders } from "./proxy/contenders.ts";
import { Pods } from "./proxy/load.ts";
import { checkPrograms } from "./proxy/programs.ts";
import { median, table } from "./table.ts";

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  const seconds = Number(values.seconds ?? (values.quick ? 2 : 5));
  await checkPrograms();
  await using _pods = await Pods.start();
  const all = contenders();
  /** Figures by measure, then by contender. */
  const figures = new Map<string, Map<string, number[]>>();
  const note = (contender: string, measured: Measured) => {
    for (const [measure, value] of Object.entries(measured)) {
      const row = figures.get(measure) ?? figures.set(measure, new Map()).get(measure)!;
      row.set(contender, [...row.get(contender) ?? [], value]);
    }
  };
  for (let round = 1; round <= rounds; round++) {
    for (const contender of all) {
      console.error(`round ${round} of ${rounds}: ${contender.name}`);
      for (const hops of contender.name === "direct" ? [1] : [1, 2]) {
        note(contender.name, await inUse(contender, hops, seconds));
      }
      if (contender.name !== "direct") note(contender.name, await atRest(contender, values.quick));
    }
  }
  const names = all.map(({ name }) => name);
  const bars = all.filter(({ bar }) => bar).map(({ name }) => name);
  const measures = ["1 hop, ", "2 hops, ", ""].flatMap((hops) =>
    Object.keys(UNITS).map((unit) => ({ hops, unit, row: figures.get(hops + unit) }))
  );
  const rows = measures.flatMap(({ hops, unit, row }) => {
    if (!row) return [];
    const { less, digits } = UNITS[unit]!;
    const medians = new Map([...row].map(([name, each]) => [name, median(each)]));
    const best = bars.map((name) => medians.get(name)!).sort((a, b) => less ? a - b : b - a)[0]!;
    const cell = (value: number | undefined) => {
      if (value === undefined) return "";
      return value.toFixed(digits) + (best > 0 ? ` (${(value / best).toFixed(2)})` : "");
    };
    return [[hops + unit, ...names.map((name) => cell(medians.get(name)))]];
  });
  console.log(
    `medians of ${rounds} rounds of ${seconds} s each, ${navigator.hardwareConcurrency} cores`,
  );
  console.log(table(["", ...names], rows));
}
