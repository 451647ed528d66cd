import { object } from "@optique/core/constructs";
import { multiple, optional } from "@optique/core/modifiers";
import { choice } from "@optique/core/valueparser";
import { POD_STATES, type PodState } from "../../../podc/mod.ts";
import { defineCommand, jsonFlag, releaseArgument, valueOption } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { findCluster } from "../../project/cluster.ts";
import { releaseName, writeReleaseState } from "../../project/release.ts";
import { namedReleases } from "../../project/targets.ts";
import { formatJson } from "../../ui/table.ts";

export interface StateOptions {
  readonly refs: readonly string[];
  readonly state: PodState | undefined;
  readonly json: boolean;
}

export const definition = defineCommand<StateOptions>({
  description:
    "Prints what releases should be, or sets it: running, stopped or removed. The hosts" +
    " follow at the next sync.",
  example: "sns pod state web -s stopped\nsns pod state web:1.0.0@h1 -s removed",
  parser: object({
    refs: multiple(
      releaseArgument(),
      { min: 1 },
    ),
    state: optional(valueOption(["-s", "--state"], choice(POD_STATES), "The new state")),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, { refs, state, json }: StateOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  // All references are resolved before anything is written.
  const releases = await namedReleases(cluster, refs);
  if (state !== undefined) {
    for (const release of releases) {
      if (release.state === state) {
        deps.log.info(`Nothing to do: ${releaseName(release)} is ${state} already`);
        continue;
      }
      await writeReleaseState(release, state, stampOf(deps));
      deps.log.ok(`${releaseName(release)} is ${state} from the next sync on`);
    }
    return 0;
  }
  if (json) {
    deps.stdout(formatJson(releases.map((release) => ({
      pod: release.pod,
      version: release.version,
      host: release.host.name,
      state: release.state,
    }))));
    return 0;
  }
  const lines = releases.map((release) => `${releaseName(release)} ${release.state}\n`);
  deps.stdout(lines.sort().join(""));
  return 0;
}
