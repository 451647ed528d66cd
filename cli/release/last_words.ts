/** What pods wrote before they failed, for the message about it. */
import type { Deps } from "../deps.ts";
import type { Cluster } from "../project/cluster.ts";
import { usableHosts } from "../project/host.ts";
import { podReleases, releaseName } from "../project/release.ts";
import { callPods } from "../remote/pod_calls.ts";

const LINES = 10;
const TIMEOUT_MS = 10_000;
/** Pods whose lines are shown: those of one are mostly those of all. */
const PODS = 2;

/**
 * The last lines of the pods that are named `pod:version@host`, by those names; those without any are left out.
 */
export async function lastWords(
  deps: Deps,
  cluster: Cluster,
  names: readonly string[],
): Promise<Record<string, string>> {
  if (names.length === 0) return {};
  const pods = new Set(names.map((name) => name.split(":")[0]!));
  const releases = [];
  for (const host of await usableHosts(cluster)) {
    for (const pod of pods) releases.push(...await podReleases(host, pod));
  }
  const wanted = releases.filter((each) => names.includes(releaseName(each))).slice(0, PODS);
  const args = ["logs", "-l", `-${LINES}`];
  const results = await callPods(deps, wanted, "podCall", args, { timeoutMs: TIMEOUT_MS });
  const words = results.filter(({ code, stdout }) => code === 0 && stdout.trim() !== "");
  return Object.fromEntries(words.map(({ release, stdout }) => [releaseName(release), stdout]));
}
