import { object } from "@optique/core/constructs";
import { defineCommand, podArgument } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { detachPod, isAttached } from "../../project/attachment.ts";
import { findCluster, PROJECT_FILES } from "../../project/cluster.ts";
import { hasClusterConfigs } from "../../project/configs.ts";
import { allHosts } from "../../project/host.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { targetHosts } from "../../project/targets.ts";

export interface DetachOptions {
  readonly ref: string;
}

export const definition = defineCommand<DetachOptions>({
  description: "Detaches a pod from a host, or from all hosts. Its directory stays in the project" +
    " under a name with a dot; the next sync removes the pod from the host.",
  example: "sns host detach web@h1",
  parser: object({ ref: podArgument("POD[@HOST]", "The pod, and the host if only one is meant") }),
  run,
});

async function run(deps: Deps, options: DetachOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const ref = parsePodRef(options.ref);
  if (ref.version !== undefined) {
    throw new UserError(`Cannot detach "${options.ref}": a pod is detached with all its versions`);
  }
  for (const host of await targetHosts(cluster, ref)) {
    await detachPod(host, ref.pod, stampOf(deps));
    deps.log.ok(`Detached "${ref.pod}" from "${host.name}", which removes it at the next sync`);
  }
  for (const host of await allHosts(cluster)) if (await isAttached(host, ref.pod)) return 0;
  if (await hasClusterConfigs(cluster, ref.pod)) {
    deps.log.info(
      `${PROJECT_FILES.configs}/${ref.pod} is not used any more; remove it if you like`,
    );
  }
  return 0;
}
