import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { defineCommand, plain } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { writeFileAtomic } from "../../project/files.ts";
import { getHost } from "../../project/host.ts";
import { formatRegistryConfig, REGISTRY_CONFIG } from "../../project/registry_config.ts";

export interface RegistryOptions {
  readonly target: string | undefined;
}

export const definition = defineCommand<RegistryOptions>({
  description:
    "Reads lines `registry:user:password` from stdin and writes registry-config.json: for all" +
    " hosts, for HOST alone, or to stdout for `-`. What was there is replaced. sns host init brings it to" +
    " the hosts.\nThe passwords stand in that file in base64, readable for you alone: keep it out of" +
    " git if others see the repository.",
  example:
    "sns cluster registry <logins.txt\nprintf 'example.com:me:secret\\n' | sns cluster registry -",
  parser: object({
    target: optional(
      argument(string({ metavar: "HOST" }), { description: plain("A host, or - for stdout") }),
    ),
  }),
  run,
});

async function run(deps: Deps, { target }: RegistryOptions): Promise<number> {
  if (target === "-") {
    deps.stdout(formatRegistryConfig(await deps.stdin()));
    return 0;
  }
  const cluster = await findCluster(deps.cwd, deps.env);
  const dir = target === undefined ? cluster.root : (await getHost(cluster, target)).dir;
  const text = await deps.stdin();
  if (text.trim() === "") {
    throw new UserError("Cannot read any registry: stdin is empty", {
      hint: "a line registry:user:password for each",
    });
  }
  const path = join(dir, REGISTRY_CONFIG);
  await writeFileAtomic(path, formatRegistryConfig(text), 0o600);
  deps.log.ok(`Wrote ${path}`);
  return 0;
}
