import { object } from "@optique/core/constructs";
import { multiple } from "@optique/core/modifiers";
import { defineCommand, releaseArgument } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { findCluster } from "../../project/cluster.ts";
import { deleteRelease, releaseName } from "../../project/release.ts";
import { namedReleases } from "../../project/targets.ts";

export interface DeleteOptions {
  readonly refs: readonly string[];
}

export const definition = defineCommand<DeleteOptions>({
  description:
    "Deletes releases in state removed from the project, others are left with a warning." +
    " They stay there under a name with a dot. Files on the hosts are not touched.",
  example: "sns pod state web:1.0.0 -s removed\nsns pod delete web:1.0.0",
  parser: object({
    refs: multiple(releaseArgument(), { min: 1 }),
  }),
  run,
});

async function run(deps: Deps, { refs }: DeleteOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const releases = await namedReleases(cluster, refs);
  let left = 0;
  for (const release of releases) {
    if (release.state !== "removed") {
      deps.log.warn(
        `${releaseName(release)} is ${release.state}, it is not deleted (first: sns pod state ${
          releaseName(release)
        } -s removed)`,
      );
      left++;
      continue;
    }
    await deleteRelease(release, stampOf(deps));
    deps.log.ok(`Deleted ${releaseName(release)}`);
  }
  return left === 0 ? 0 : 1;
}
