/**
 * How long a soft release on three hosts takes, by phase, while clients keep asking. The hosts are on this
 * machine; each release is one `sns pod release` with its start, compile and commits.
 *
 *   deno run -A tests/bench/release.ts [releases]
 */
import { PORT, RELEASE_HOSTS, ReleaseCluster } from "../e2e/release_cluster.ts";
import { SteadyLoad } from "../e2e/steady_load.ts";

interface End {
  readonly event: string;
  readonly ms: number;
  readonly phases: readonly { readonly phase: string; readonly ms: number }[];
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 5);
  await using cluster = await ReleaseCluster.create();
  const clients = new SteadyLoad({
    hostnames: Object.values(RELEASE_HOSTS),
    port: PORT,
    short: 1,
    kept: 2,
    requests: 20,
    pauseMs: 50,
  });
  const times = new Map<string, number[]>();
  const add = (name: string, ms: number) => times.set(name, [...times.get(name) ?? [], ms]);
  for (let number = 1; number <= count; number++) {
    await cluster.version(`1.${number}.0`);
    const began = performance.now();
    const { code, text } = await cluster.release("web", "--json");
    if (code !== 0) throw new Error(text);
    add("command", performance.now() - began);
    const end = text.split("\n").filter((line) => line.startsWith('{"event":"end"'))
      .map((line): End => JSON.parse(line))[0]!;
    for (const { phase, ms } of end.phases) add(phase, ms);
  }
  const { answered, failures } = await clients.stop();
  for (const [name, ms] of times) {
    const [low, high] = [Math.min(...ms), Math.max(...ms)].map((each) => (each / 1000).toFixed(1));
    console.log(`${name.padEnd(8)} ${(median(ms) / 1000).toFixed(1)} s (${low} to ${high})`);
  }
  const total = [...answered.values()].reduce((sum, each) => sum + each, 0);
  console.log(`${count} releases, ${total} requests, ${failures.length} failed`);
}
