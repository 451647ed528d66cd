import { object } from "@optique/core/constructs";
import { defineCommand, textArgument } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { createCluster } from "../../project/cluster.ts";

export interface CreateOptions {
  readonly name: string;
}

export const definition = defineCommand<CreateOptions>({
  description: "Makes the directory <name> here: a git repository with the first commit.",
  example: "sns cluster create demo && cd demo",
  parser: object({ name: textArgument("NAME", 'Letters, digits, "_" and "-"') }),
  run,
});

async function run(deps: Deps, { name }: CreateOptions): Promise<number> {
  const root = await createCluster(deps.cwd, name, { random: deps.random, stamp: stampOf(deps) });
  deps.log.ok(`Made the cluster project ${root}`);
  deps.log.info(`Next: cd ${name} && sns host register <host> -a <address>`);
  return 0;
}
