/**
 * How long a soft release takes, by phase, and a changed configuration of the ingress: two load balancers and
 * two workers that are hosts of their own behind a jump host, while clients outside keep asking. Each release
 * is one `sns pod release` with its start, compile and commits. As root; see docs/test-hosts.md.
 *
 *   deno run -A tests/bench/release.ts [releases] [rollbacks]
 */
import { BALANCERS, IngressCluster } from "../hosts/ingress_cluster.ts";
import { whyNoHosts } from "../hosts/place.ts";
import { describeLoad } from "../hosts/load.ts";
import { eventually } from "../shell/pod_folder.ts";

/** Configurations of the ingress. */
const ROUNDS = 5;

interface End {
  readonly event: string;
  readonly phases: readonly { readonly phase: string; readonly ms: number }[];
}

/** Times by what took them, in the order in which they came. */
class Times {
  readonly #times = new Map<string, number[]>();

  add(name: string, ms: number): void {
    this.#times.set(name, [...this.#times.get(name) ?? [], ms]);
  }

  /** A line for each with the median, the least and the most. */
  print(): void {
    for (const [name, ms] of this.#times) {
      const sorted = ms.toSorted((a, b) => a - b);
      const [middle, low, high] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)]
        .map((each) => (each! / 1000).toFixed(1));
      console.log(`${name.padEnd(32)} ${middle} s (${low} to ${high}, of ${ms.length})`);
    }
  }
}

/** One `sns pod release` or `rollback`, with what it says of its phases. */
async function release(cluster: IngressCluster, action: string, times: Times): Promise<void> {
  const began = performance.now();
  const { code, text } = await cluster.release(action, "web", "--json");
  if (code !== 0) throw new Error(text);
  times.add(`${action}, the command`, performance.now() - began);
  const end = text.split("\n").find((line) => line.startsWith('{"event":"end"'));
  const { phases }: End = JSON.parse(end!);
  for (const { phase, ms } of phases) times.add(`${action}, ${phase}`, ms);
}

async function configure(cluster: IngressCluster, round: number, times: Times): Promise<void> {
  await cluster.setVariables(`ingress_hsts=${1000 + round}`);
  await cluster.makeIngress(`Ingress ${round}`);
  const id = await cluster.writtenConfig();
  const began = performance.now();
  await cluster.hosts.sns("cluster", "sync", "-q");
  times.add("ingress, the sync", performance.now() - began);
  await eventually("both serve it", async () => {
    const served = await Promise.all(BALANCERS.map((name) => cluster.servedConfig(name)));
    return served.every((each) => each === id);
  });
  times.add("ingress, from sync to served", performance.now() - began);
}

if (import.meta.main) {
  const why = await whyNoHosts();
  if (why) throw new Error(`No hosts here: ${why}`);
  const [releases, rollbacks] = [Number(Deno.args[0] ?? 5), Number(Deno.args[1] ?? 1)];
  await using cluster = await IngressCluster.create();
  const load = cluster.load();
  const times = new Times();
  for (let round = 1; round <= releases; round++) {
    await cluster.version(`1.${round}.0`);
    await release(cluster, "release", times);
  }
  for (let round = 1; round <= rollbacks; round++) await release(cluster, "rollback", times);
  for (let round = 1; round <= ROUNDS; round++) await configure(cluster, round, times);
  const result = await load.stop();
  times.print();
  console.log(`${releases} releases, ${rollbacks} rollbacks, ${ROUNDS} configurations`);
  for (const line of describeLoad(result)) console.log(line);
}
