import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { choice } from "@optique/core/valueparser";
import { defineCommand, hostArgument, jsonFlag, valueOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { findCluster } from "../../project/cluster.ts";
import { getHost, HOST_STATES, type HostState, writeHostState } from "../../project/host.ts";
import { formatJson } from "../../ui/table.ts";

export interface StateOptions {
  readonly host: string;
  readonly state: HostState | undefined;
  readonly json: boolean;
}

export const definition = defineCommand<StateOptions>({
  description:
    "Prints the state of a host, or sets it. An inactive host drains: its pods go on, but" +
    " it leaves the other hosts' hosts.conf. A disabled one is left alone.",
  example: "sns host state h1 -s inactive",
  parser: object({
    host: hostArgument(),
    state: optional(valueOption(["-s", "--state"], choice(HOST_STATES), "The new state")),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, { host: name, state, json }: StateOptions): Promise<number> {
  const host = await getHost(await findCluster(deps.cwd, deps.env), name);
  if (state === undefined) {
    deps.stdout(json ? formatJson({ name, state: host.state }) : `${host.state}\n`);
    return 0;
  }
  if (state === host.state) deps.log.info(`Nothing to do: "${name}" is ${state} already`);
  else {
    await writeHostState(host, state);
    deps.log.ok(`"${name}" is ${state} from the next sync on`);
  }
  return 0;
}
