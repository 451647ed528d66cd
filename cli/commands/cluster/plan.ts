import { object } from "@optique/core/constructs";
import { DEFAULT_PARALLEL, defineCommand, flag, jsonFlag, parallelOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { describeError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { describeOperation } from "../../sync/operation.ts";
import { describeChanged } from "../../sync/plan.ts";
import { checkProject } from "../../sync/preconditions.ts";
import { type Preparation, prepareHosts, type PrepareOptions } from "../../sync/prepare.ts";
import { formatJson } from "../../ui/table.ts";

export interface PlanOptions {
  readonly force: boolean;
  readonly json: boolean;
  readonly parallel: number | undefined;
}

/** Exit code when a sync would change something. */
const CHANGES = 2;

export const definition = defineCommand<PlanOptions>({
  description:
    "Shows per host what a sync would change, and changes nothing. It also says which configs" +
    " were changed on the host since they were delivered; a sync leaves these alone unless the project" +
    " has newer ones.\n" +
    "Exit code 0: nothing to do; 2: there are changes; 1: a host can't be synced.",
  example: "sns cluster plan",
  parser: object({
    force: flag(["-f", "--force"], "Plan also for hosts that would be rolled back"),
    parallel: parallelOption(),
    json: jsonFlag(),
  }),
  run: (deps, options) =>
    showPlan(deps, { ...options, parallel: options.parallel ?? DEFAULT_PARALLEL }),
});

/** Prints the plan; also what `cluster sync --dry-run` does. */
export async function showPlan(
  deps: Deps,
  options: PrepareOptions & { readonly json: boolean },
): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const project = await checkProject(cluster);
  const preparation = await prepareHosts(deps, cluster, project, options);
  deps.stdout(options.json ? formatJson(planAsJson(preparation)) : planAsText(preparation));
  for (const { host, error } of preparation.refused) {
    deps.log.error(`${host.name}: ${describeError(error).join("\n")}`);
  }
  if (preparation.refused.length > 0) return 1;
  return preparation.prepared.some(({ operations }) => operations.length > 0) ? CHANGES : 0;
}

function planAsText({ prepared }: Preparation): string {
  return prepared.map(({ host, operations, changed }) => {
    const steps = [...operations.map(describeOperation), ...changed.map(describeChanged)];
    const head = operations.length === 0 ? `${host.name}: nothing to do` : `${host.name}:`;
    return [head, ...steps.map((step) => `  ${step}`), ""].join("\n");
  }).join("");
}

function planAsJson({ prepared, refused }: Preparation) {
  return {
    hosts: [
      ...prepared.map(({ host, verdict, operations, changed }) => ({
        host: host.name,
        verdict,
        operations,
        changed,
      })),
      ...refused.map(({ host, error }) => ({
        host: host.name,
        error: describeError(error).join("\n"),
      })),
    ],
  };
}
