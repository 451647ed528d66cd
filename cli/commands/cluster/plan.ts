import { object } from "@optique/core/constructs";
import { DEFAULT_PARALLEL, defineCommand, flag, jsonFlag, parallelOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { describeError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { describeOperation } from "../../sync/operation.ts";
import { checkProject } from "../../sync/preconditions.ts";
import { type Preparation, prepareHosts } from "../../sync/prepare.ts";
import { formatJson } from "../../ui/table.ts";

export interface PlanOptions {
  readonly force: boolean;
  readonly json: boolean;
  readonly parallel: number | undefined;
}

/** Exit code when a sync would change something. */
const CHANGES = 2;

export const definition = defineCommand<PlanOptions>({
  description: "Shows per host what a sync would change, and changes nothing.\n" +
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
  options: { readonly force: boolean; readonly json: boolean; readonly parallel: number },
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
  return prepared.map(({ host, operations }) => {
    if (operations.length === 0) return `${host.name}: nothing to do\n`;
    const steps = operations.map((operation) => `  ${describeOperation(operation)}\n`);
    return `${host.name}:\n${steps.join("")}`;
  }).join("");
}

function planAsJson({ prepared, refused }: Preparation) {
  return {
    hosts: [
      ...prepared.map(({ host, verdict, operations }) => ({
        host: host.name,
        verdict,
        operations,
      })),
      ...refused.map(({ host, error }) => ({
        host: host.name,
        error: describeError(error).join("\n"),
      })),
    ],
  };
}
