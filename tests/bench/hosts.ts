/**
 * How long syncs of three real hosts behind a jump host take, and how long it is from a commit until a new
 * version of a container pod is ready on all of them, its image being there. As root; see docs/test-hosts.md.
 *
 *   deno run -A tests/bench/hosts.ts [rounds]
 */
import { join } from "node:path";
import { HOSTS, HostsCluster } from "../hosts/cluster.ts";
import { whyNoHosts } from "../hosts/place.ts";
import { eventually } from "../shell/pod_folder.ts";

const PODS = Array.from({ length: 5 }, (_, n) => `pod${n}`);

/** Milliseconds that `step` takes. */
async function timed(step: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await step();
  return performance.now() - began;
}

const program = `api: 1.0.0
podVersion: 1.0.0
runtime: executable
volumes:
  - name: conf
    type: config
executable:
  command: [sleep, infinity]
`;

/** First delivery of five pods, then `rounds` of nothing to do and of one changed config. */
async function syncs(cluster: HostsCluster, rounds: number): Promise<string[]> {
  const sync = () => cluster.sns("cluster", "sync", "-q");
  for (const pod of PODS) {
    await cluster.write({
      [`_pods/${pod}/pod.yaml`]: program,
      [`_pods/${pod}/config/conf/app.conf`]: "x=1\n".repeat(1000),
    });
    for (const name of HOSTS) await cluster.sns("host", "attach", `${pod}@${name}`);
    await cluster.sns("pod", "compile", pod);
  }
  await cluster.commit("Five pods");
  const first = await timed(sync);
  const idle: number[] = [];
  const config: number[] = [];
  for (let round = 0; round < rounds; round++) {
    idle.push(await timed(sync));
    await cluster.write({ "_config/pod0/conf/app.conf": `x=${round}\n`.repeat(1000) });
    await cluster.sns("pod", "updateconfig", "pod0");
    await cluster.commit(`Config ${round}`);
    config.push(await timed(sync));
  }
  return [
    line("sync, first delivery of 5 pods", [first]),
    line("sync, nothing to do", idle),
    line("sync, one changed config", config),
  ];
}

/** From before `git commit` until the new version is ready on all hosts. */
async function commitToReady(cluster: HostsCluster, rounds: number): Promise<string[]> {
  await cluster.addWeb();
  for (const name of HOSTS) await cluster.sns("host", "attach", `web@${name}`);
  const source = join(cluster.project, "_pods/web/pod.yaml");
  const text = await Deno.readTextFile(source);
  const whole: number[] = [];
  const delivered: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const version = `1.0.${round}`;
    await Deno.writeTextFile(source, text.replace("podVersion: 1.0.0", `podVersion: ${version}`));
    await cluster.sns("pod", "compile", "web");
    if (round > 0) await cluster.sns("pod", "state", `web:1.0.${round - 1}`, "-s", "removed");
    const began = performance.now();
    await cluster.commit(`web ${version}`);
    await cluster.sns("cluster", "sync", "-q");
    const synced = performance.now();
    await eventually(`web ${version} is ready`, async () => {
      const ready = HOSTS.map((name) => isReady(cluster.path(name, `pods/web/release/${version}`)));
      return (await Promise.all(ready)).every((each) => each);
    }, 60_000);
    // The first one has the image's first use in it.
    if (round === 0) continue;
    delivered.push(synced - began);
    whole.push(performance.now() - began);
  }
  return [line("commit to delivered", delivered), line("commit to ready", whole)];
}

async function isReady(release: string): Promise<boolean> {
  try {
    return /^readiness: 1$/m.test(await Deno.readTextFile(join(release, ".pod.status")));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A line with the median, the least and the most. */
function line(name: string, times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const [middle, least, most] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((ms) =>
    `${Math.round(ms!)} ms`
  );
  return `${name.padEnd(34)} ${middle} (${least} to ${most}, of ${times.length})`;
}

if (import.meta.main) {
  const why = await whyNoHosts();
  if (why) throw new Error(`No hosts here: ${why}`);
  const rounds = Number(Deno.args[0] ?? 5);
  await using cluster = await HostsCluster.create({ image: true });
  for (const each of await syncs(cluster, rounds)) console.log(each);
  for (const each of await commitToReady(cluster, rounds)) console.log(each);
}
