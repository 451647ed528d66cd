import { object } from "@optique/core/constructs";
import { defineCommand, flag, hostArgument } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { getHost } from "../../project/host.ts";
import { REMOTE_EXIT } from "../../remote/programs.ts";
import { homePlace, initHost } from "../../setup/init_host.ts";

export interface InitOptions {
  readonly host: string;
  readonly force: boolean;
}

export const definition = defineCommand<InitOptions>({
  description:
    "Makes HOSTHOME on the host and writes the cluster's id there; brings the logins of" +
    " registry-config.json to SSH hosts. Running it again is harmless.\nExit code 2: the host belongs to" +
    " another cluster.",
  example: "sns host init h1",
  parser: object({
    host: hostArgument(),
    force: flag(["-f", "--force"], "Take the host over from another cluster"),
  }),
  run,
});

async function run(deps: Deps, { host: name, force }: InitOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const host = await getHost(cluster, name);
  const { code, stderr } = await initHost(deps, cluster, host, force);
  if (code === REMOTE_EXIT.foreignCluster) {
    deps.log.error(`Cannot initialise "${name}": ${stderr.trim()}`);
    deps.log.info("Try: check HOSTHOME in its host.env, or add --force to take it over");
    return REMOTE_EXIT.foreignCluster;
  }
  if (code !== 0) throw new UserError(`Cannot initialise "${name}": ${stderr.trim()}`);
  deps.log.ok(
    `The host "${name}" is ready for the cluster ${cluster.id}, with its home ${homePlace(host)}`,
  );
  return 0;
}
