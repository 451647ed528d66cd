import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { defineCommand, releaseArgument } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { podDir } from "../../project/attachment.ts";
import { findCluster, PROJECT_FILES } from "../../project/cluster.ts";
import { hasClusterConfigs, replaceConfigs } from "../../project/configs.ts";
import { commitLabel } from "../../project/git.ts";
import { appendLog } from "../../project/log.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { releaseName } from "../../project/release.ts";
import { targetReleases } from "../../project/targets.ts";

export interface UpdateConfigOptions {
  readonly ref: string;
}

export const definition = defineCommand<UpdateConfigOptions>({
  description:
    "Copies the configs in _config/<pod> into releases that exist. The hosts get them at" +
    " the next sync, running pods included.",
  example: "sns pod updateconfig web\nsns pod updateconfig web:1.2.0@h1",
  parser: object({
    ref: releaseArgument(),
  }),
  run,
});

async function run(deps: Deps, options: UpdateConfigOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const ref = parsePodRef(options.ref);
  const config = join(PROJECT_FILES.configs, ref.pod);
  if (!await hasClusterConfigs(cluster, ref.pod)) {
    throw new UserError(`Cannot update the configs of "${ref.pod}": there is no ${config}`, {
      hint: `sns cluster importconfig ${ref.pod}`,
    });
  }
  const label = await commitLabel(cluster.root, config);
  for (const release of await targetReleases(cluster, ref)) {
    await replaceConfigs(cluster, ref.pod, release.dir);
    const log = join(podDir(release.host, ref.pod), "log.txt");
    const action = `UPDATE_CONFIG release:${release.version} cfg:${label}`;
    await appendLog(log, action, stampOf(deps));
    deps.log.ok(`Updated the configs of ${releaseName(release)}`);
  }
  return 0;
}
