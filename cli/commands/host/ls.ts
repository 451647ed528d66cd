import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { defineCommand, flag, jsonFlag, textOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { attachedPods } from "../../project/attachment.ts";
import { findCluster } from "../../project/cluster.ts";
import { allHosts } from "../../project/host.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { formatJson } from "../../ui/table.ts";

export interface LsOptions {
  readonly all: boolean;
  readonly state: boolean;
  readonly pod: string | undefined;
  readonly json: boolean;
}

export const definition = defineCommand<LsOptions>({
  description: "Prints the names of the active and inactive hosts, one per line.",
  example: "sns host ls -a -s\nsns host ls --pod=web",
  parser: object({
    all: flag(["-a", "--all"], "Also the disabled ones"),
    state: flag(["-s", "--state"], "Print their state behind the name"),
    pod: optional(textOption(["-p", "--pod"], "POD", "Only hosts that have this pod attached")),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: LsOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const pod = options.pod === undefined ? undefined : parsePodRef(options.pod).pod;
  const hosts = [];
  for (const host of await allHosts(cluster)) {
    if (host.state === "disabled" && (!options.all || pod !== undefined)) continue;
    const pods = await attachedPods(host);
    if (pod === undefined || pods.includes(pod)) hosts.push({ host, pods });
  }
  if (options.json) {
    deps.stdout(formatJson(hosts.map(({ host: { name, state, env }, pods }) => ({
      name,
      state,
      address: env.host,
      home: env.hostHome,
      routerAddress: env.routerAddress,
      pods,
    }))));
    return 0;
  }
  for (const { host: { name, state } } of hosts) {
    deps.stdout(options.state ? `${name} ${state}\n` : `${name}\n`);
  }
  if (hosts.length === 0) deps.log.info("No hosts");
  return 0;
}
