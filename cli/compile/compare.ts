/** Whether a release that is compiled already is what compiling would make now. */
import { join } from "node:path";
import { compilePod, parseEnvFile, variablesIn } from "../../podc/mod.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { readTextIfPresent } from "../project/files.ts";
import type { PodSource } from "../project/pod_source.ts";
import { parsePortsFile, PORTS_FILE } from "../project/release_ports.ts";
import { resolveVariables } from "../project/variables.ts";

/**
 * Whether pod.yaml, with the values of now and the ports of then, is another text than the one that
 * the release at `dir` was made of. What sns itself makes of that text does not count.
 *
 * @returns `undefined` for a release that does not tell, because the original program made it
 */
export async function hasOtherSource(
  cluster: Cluster,
  source: PodSource,
  dir: string,
): Promise<boolean | undefined> {
  const before = await readTextIfPresent(join(dir, ".pod.yaml"));
  if (before === undefined) return undefined;
  const env = await readTextIfPresent(join(cluster.root, PROJECT_FILES.variables));
  const names = variablesIn(source.podYaml);
  const { values, hostPorts, clusterPorts } = resolveVariables(
    names,
    source.pod,
    parseEnvFile(env ?? ""),
  );
  const { assigned } = parsePortsFile(await readTextIfPresent(join(dir, PORTS_FILE)) ?? "");
  if ([...hostPorts, ...clusterPorts].some((name) => !assigned.has(name))) return undefined;
  const { preprocessed } = compilePod({
    source: source.podYaml,
    file: source.file,
    podName: source.pod,
    variables: new Map([
      ...values,
      ...[...assigned].map(([name, port]) => [name, `${port}`] as const),
    ]),
    baseDir: cluster.root,
    configs: new Set(),
  });
  return preprocessed !== before;
}

/** What to do so that the present source becomes a release. */
export function mendOtherSource({ kind, pod }: PodSource, version: string): string {
  const next = version.replace(/^(\d+\.\d+\.)(\d+).*$/, (_, head, patch) => `${head}${+patch + 1}`);
  return kind === "official"
    ? `for a release of it add ${pod}_podVersion=${next} to ${PROJECT_FILES.variables}`
    : `for a release of it raise podVersion in pod.yaml, to ${next}`;
}
