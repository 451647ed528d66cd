/**
 * The load balancers in front of the cluster: turning them over to another version, and knowing when they
 * have really done it.
 */
import { join } from "node:path";
import { type Deps, stampOf } from "../deps.ts";
import { generateIngress, HAPROXY_CFG, writeIngress } from "../ingress/generate.ts";
import { configId } from "../ingress/haproxy_cfg.ts";
import { askServedConfigs } from "../ingress/served.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { replaceConfigs } from "../project/configs.ts";
import { readTextIfPresent } from "../project/files.ts";
import { usableHosts } from "../project/host.ts";
import { podReleases, type Release } from "../project/release.ts";
import { ingressState, setIngressState } from "../project/traffic.ts";
import type { IngressView, Replica } from "./model.ts";
import { replicaName } from "./plan.ts";

/** The pod whose configuration is made from the rules of all others. */
export const INGRESS_POD = "ingress";

/** What a release needs of the load balancers. */
export interface IngressGate {
  /** The paths in the project that {@link turnOver} may change. */
  readonly paths: readonly string[];
  /** Whether something has to be turned over, and whether all load balancers have what the project has. */
  view(replicas: readonly Replica[]): Promise<IngressView>;
  /** Writes into the project what the load balancers are to have. */
  turnOver(replicas: readonly Replica[]): Promise<void>;
}

/** The gate of a cluster; `undefined` when no ingress pod is to run. */
export async function findIngressGate(
  deps: Deps,
  cluster: Cluster,
): Promise<IngressGate | undefined> {
  if ((await runningIngress(cluster)).length === 0) return undefined;
  const hosts = await usableHosts(cluster);
  return new ProjectGate(deps, cluster, [
    join(PROJECT_FILES.configs, INGRESS_POD),
    ...hosts.map(({ name }) => join(name, "pods", INGRESS_POD)),
  ]);
}

async function runningIngress(cluster: Cluster): Promise<Release[]> {
  const releases: Release[] = [];
  for (const host of await usableHosts(cluster)) {
    if (host.state !== "active") continue;
    const all = await podReleases(host, INGRESS_POD);
    releases.push(...all.filter(({ state }) => state === "running"));
  }
  return releases;
}

class ProjectGate implements IngressGate {
  /** What this process turned over last, so that it is not generated with each look. */
  #turned: string | undefined;

  constructor(readonly deps: Deps, readonly cluster: Cluster, readonly paths: readonly string[]) {}

  async view(replicas: readonly Replica[]): Promise<IngressView> {
    const rules = await this.#rules(replicas);
    if (rules.length === 0) return { due: false, current: true };
    if (this.#turned !== keyOf(rules) || rules.some(({ now, want }) => now !== want)) {
      return { due: true, current: false };
    }
    const wanted = await Promise.all((await runningIngress(this.cluster)).map(async (release) => {
      const cfg = await readTextIfPresent(join(release.dir, "config", HAPROXY_CFG));
      return { release, id: cfg === undefined ? undefined : configId(cfg) };
    }));
    const served = await askServedConfigs(this.deps, wanted.map(({ release }) => release));
    const current = served.every(({ id }, index) => id !== undefined && id === wanted[index]!.id);
    return { due: false, current };
  }

  async turnOver(replicas: readonly Replica[]): Promise<void> {
    const { deps, cluster } = this;
    const rules = await this.#rules(replicas);
    for (const { release, want } of rules) await setIngressState(release, want, stampOf(deps));
    const { signal } = deps;
    const options = { pod: INGRESS_POD, excluded: new Set<number>(), signal };
    const generated = await generateIngress(cluster, options);
    await writeIngress(cluster, generated);
    for (const { dir } of await runningIngress(cluster)) {
      await replaceConfigs(cluster, INGRESS_POD, dir);
    }
    this.#turned = keyOf(rules);
  }

  /** The replicas with rules: whether these count, and whether they are to. */
  async #rules(replicas: readonly Replica[]) {
    const hosts = new Map((await usableHosts(this.cluster)).map((host) => [host.name, host]));
    const rules = [];
    for (const { host, pod, version, wanted, present } of replicas) {
      if (!present || pod === INGRESS_POD) continue;
      const releases = await podReleases(hosts.get(host)!, pod);
      const release = releases.find((each) => each.version === version);
      if (release === undefined) continue;
      const now = await ingressState(release);
      const want = wanted ? "active" as const : "inactive" as const;
      if (now !== "none") rules.push({ release, now, want });
    }
    return rules;
  }
}

/** Names what is to count. */
function keyOf(rules: readonly { readonly release: Release; readonly want: string }[]): string {
  return rules.filter(({ want }) => want === "active")
    .map(({ release: { host, pod, version } }) => replicaName({ host: host.name, pod, version }))
    .sort().join(" ");
}
