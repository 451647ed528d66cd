import { object } from "@optique/core/constructs";
import { multiple, optional } from "@optique/core/modifiers";
import { choice } from "@optique/core/valueparser";
import { defineCommand, jsonFlag, releaseArgument, valueOption } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { findCluster } from "../../project/cluster.ts";
import {
  INGRESS_STATES,
  type IngressState,
  readIngressState,
  writeIngressState,
} from "../../project/ingress_state.ts";
import { releaseName } from "../../project/release.ts";
import { namedReleases } from "../../project/targets.ts";
import { formatJson } from "../../ui/table.ts";

export interface IngressOptions {
  readonly refs: readonly string[];
  readonly state: Exclude<IngressState, "none"> | undefined;
  readonly json: boolean;
}

export const definition = defineCommand<IngressOptions>({
  description:
    "Prints whether releases take part in the ingress: active, inactive, or none when they have nothing" +
    " for it; or switches it. What the ingress does changes when its config was made anew and synced.",
  example: "sns pod ingress web\nsns pod ingress web:1.0.0 -s inactive",
  parser: object({
    refs: multiple(releaseArgument(), { min: 1 }),
    state: optional(valueOption(["-s", "--state"], choice(INGRESS_STATES), "The new state")),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, { refs, state, json }: IngressOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  // All references are resolved before anything is written.
  const releases = await namedReleases(cluster, refs);
  const states = await Promise.all(releases.map(readIngressState));
  if (state === undefined) {
    const rows = releases.map((release, index) => ({ release, state: states[index]! }));
    if (json) {
      deps.stdout(formatJson(rows.map(({ release: { pod, version, host }, state }) => ({
        pod,
        version,
        host: host.name,
        state,
      }))));
    } else {
      const lines = rows.map(({ release, state }) => `${releaseName(release)} ${state}\n`);
      deps.stdout(lines.sort().join(""));
    }
    return 0;
  }
  for (const [index, release] of releases.entries()) {
    const name = releaseName(release);
    if (states[index] === "none") deps.log.warn(`${name} has nothing for the ingress`);
    else if (states[index] === state) {
      deps.log.info(`Nothing to do: the ingress of ${name} is ${state} already`);
    } else {
      await writeIngressState(release, state, stampOf(deps));
      deps.log.ok(`The ingress of ${name} is ${state}`);
    }
  }
  return 0;
}
