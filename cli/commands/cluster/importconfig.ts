import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { defineCommand, podArgument } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { findCluster, PROJECT_FILES } from "../../project/cluster.ts";
import { hasClusterConfigs, importConfigs } from "../../project/configs.ts";
import { appendLog } from "../../project/log.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { findPodSource, hasConfigs, sourceLabel } from "../../project/pod_source.ts";
import { targetHosts } from "../../project/targets.ts";

export interface ImportConfigOptions {
  readonly pod: string;
}

export const definition = defineCommand<ImportConfigOptions>({
  description:
    "Copies the configs that come with a pod over those in _config/<pod>. Files that are" +
    " only there stay. Releases get them by sns pod updateconfig.",
  example: "sns cluster importconfig ingress",
  parser: object({ pod: podArgument("POD", "A pod that is attached to a host") }),
  run,
});

async function run(deps: Deps, options: ImportConfigOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const { pod } = parsePodRef(options.pod);
  await targetHosts(cluster, { pod });
  const source = await findPodSource(cluster, pod, undefined);
  if (!await hasConfigs(source)) {
    deps.log.info(`Nothing to do: the pod "${pod}" comes without configs`);
    return 0;
  }
  if (await hasClusterConfigs(cluster, pod)) {
    deps.log.warn(`Files in ${PROJECT_FILES.configs}/${pod} of the same name are replaced`);
  }
  await importConfigs(cluster, source);
  const label = await sourceLabel(source, "config");
  await appendLog(
    join(cluster.root, PROJECT_FILES.log),
    `IMPORT_POD_CFG ${pod}:${label}`,
    stampOf(deps),
  );
  deps.log.ok(`Copied the configs of "${pod}" to ${PROJECT_FILES.configs}/${pod}`);
  return 0;
}
