/** The cluster's copies of pods' configs in `_config/<pod>`, and those in releases. */
import { dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { type Cluster, PROJECT_FILES } from "./cluster.ts";
import { configChecksum } from "./config_checksum.ts";
import { copyTree, isDirectory, removeIfPresent, visibleNames, writeFileAtomic } from "./files.ts";
import type { PodSource } from "./pod_source.ts";

/** The directory `_config/<pod>`. */
export function configRoot(cluster: Cluster, pod: string): string {
  return join(cluster.root, PROJECT_FILES.configs, pod);
}

/**
 * Names of the configs that releases of `pod` get: directories whose names begin neither with `_`
 * nor with a dot.
 */
export async function configNames(cluster: Cluster, pod: string): Promise<string[]> {
  const names = await visibleNames(configRoot(cluster, pod), (entry) => entry.isDirectory);
  const wanted = names.filter((name) => !name.startsWith("_"));
  const odd = wanted.find((name) => !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name));
  if (odd === undefined) return wanted;
  throw new UserError(
    `Cannot use the config directory ${JSON.stringify(odd)} in ${configRoot(cluster, pod)}`,
    { hint: 'name it with letters, digits, ".", "_" and "-"' },
  );
}

/** Copies the cluster's configs of `pod` into `target`, with a checksum file for each. */
export async function copyConfigs(cluster: Cluster, pod: string, target: string): Promise<void> {
  for (const name of await configNames(cluster, pod)) {
    await copyTree(join(configRoot(cluster, pod), name), join(target, name));
    await writeFileAtomic(
      join(target, `${name}.txt`),
      `${await configChecksum(join(target, name))}\n`,
    );
  }
}

/** Replaces the `config` directory of the release at `dir` by the cluster's present configs. */
export async function replaceConfigs(cluster: Cluster, pod: string, dir: string): Promise<void> {
  const live = join(dir, "config");
  const fresh = join(dir, `.config.${crypto.randomUUID()}.tmp`);
  try {
    await Deno.mkdir(fresh);
    await copyConfigs(cluster, pod, fresh);
    await removeIfPresent(live);
    await Deno.rename(fresh, live);
  } finally {
    await removeIfPresent(fresh);
  }
}

/**
 * Copies the configs that come with a pod's source over those in `_config/<pod>`; nothing is
 * removed there.
 */
export async function importConfigs(cluster: Cluster, source: PodSource): Promise<void> {
  const target = configRoot(cluster, source.pod);
  if (source.kind === "directory") {
    await copyTree(join(source.dir, "config"), target);
    return;
  }
  for (const [path, text] of source.configs) {
    await Deno.mkdir(dirname(join(target, path)), { recursive: true });
    await writeFileAtomic(join(target, path), text, 0o644);
  }
}

/** Whether the cluster has configs of `pod`. */
export async function hasClusterConfigs(cluster: Cluster, pod: string): Promise<boolean> {
  return await isDirectory(configRoot(cluster, pod));
}
