import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { readPodVersion, variablesIn } from "../../../podc/mod.ts";
import { attachmentArgument, defineCommand, textOption } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { attachPod, isAttached } from "../../project/attachment.ts";
import { type Cluster, findCluster, PROJECT_FILES } from "../../project/cluster.ts";
import { hasClusterConfigs, importConfigs } from "../../project/configs.ts";
import { allHosts, getHost } from "../../project/host.ts";
import { appendLog } from "../../project/log.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import {
  findPodSource,
  hasConfigs,
  type PodSource,
  sourceLabel,
  sourceUrl,
} from "../../project/pod_source.ts";
import { variableKind } from "../../project/variables.ts";

export interface AttachOptions {
  readonly ref: string;
  readonly link: string | undefined;
}

export const definition = defineCommand<AttachOptions>({
  description:
    "Attaches a pod to a host, so that sns pod compile makes releases of it there. The pod" +
    " is looked for in PODPATH (default _pods of the project), cloned from --link when it is not" +
    " there, or taken from the official pods.",
  example: "sns host attach proxy@h1\nsns host attach web@h1 -l https://example.com/web.git",
  parser: object({
    ref: attachmentArgument(),
    link: optional(textOption(["-l", "--link"], "URL", "git repository of the pod")),
  }),
  run,
});

async function run(deps: Deps, { ref, link }: AttachOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const { pod, host: hostName, version } = parsePodRef(ref);
  if (hostName === undefined || version !== undefined) {
    throw new UserError(`Cannot attach "${ref}": give a pod and a host, without a version`, {
      hint: `sns host attach ${pod}@<host>`,
    });
  }
  const host = await getHost(cluster, hostName);
  if (await isAttached(host, pod)) {
    throw new UserError(`The pod "${pod}" is attached to "${hostName}" already`);
  }
  const source = await findPodSource(cluster, pod, link);
  const url = await sourceUrl(source);
  checkSource(deps, source, link, url);
  const first = !await isAttachedAnywhere(cluster, pod);
  await attachPod(host, pod, url, stampOf(deps));
  deps.log.ok(`Attached "${pod}" to "${hostName}"`);
  if (first) await importFirst(deps, cluster, source);
  suggestVariables(deps, source);
  return 0;
}

function checkSource(
  deps: Deps,
  source: PodSource,
  link: string | undefined,
  url: string | undefined,
): void {
  if (source.kind === "official") {
    const version = readPodVersion(source.podYaml) ?? "unknown";
    deps.log.info(`${source.pod}: official pod, version ${version}`);
    return;
  }
  if (link !== undefined && link !== url) {
    throw new UserError(
      `Cannot attach "${source.pod}": ${source.dir} has ${
        url === undefined ? "no git remote" : `the git remote ${url}`
      }, not ${link}`,
      { hint: "leave --link out, or remove that directory to have it cloned" },
    );
  }
  if (!source.tracked) {
    deps.log.warn(
      `${source.dir} is in no git repository: its releases can't be traced to a commit`,
    );
  }
}

async function isAttachedAnywhere(cluster: Cluster, pod: string): Promise<boolean> {
  for (const host of await allHosts(cluster)) if (await isAttached(host, pod)) return true;
  return false;
}

/** The first attachment of a pod brings its configs into the cluster. */
async function importFirst(deps: Deps, cluster: Cluster, source: PodSource): Promise<void> {
  const { pod } = source;
  if (await hasClusterConfigs(cluster, pod) || !await hasConfigs(source)) return;
  await importConfigs(cluster, source);
  const action = `IMPORT_POD_CFG ${pod}:${await sourceLabel(source, "config")}`;
  await appendLog(join(cluster.root, PROJECT_FILES.log), action, stampOf(deps));
  deps.log.info(`Copied the configs of "${pod}" to ${PROJECT_FILES.configs}/${pod}`);
}

function suggestVariables(deps: Deps, { pod, podYaml }: PodSource): void {
  const keys = variablesIn(podYaml).flatMap((name) => {
    const variable = variableKind(name, pod);
    return variable.kind === "value" && !name.startsWith("_") ? [variable.key] : [];
  });
  if (keys.length === 0) return;
  deps.log.info(`Variables it looks for in ${PROJECT_FILES.variables}: ${keys.join(" ")}`);
}
