import { object } from "@optique/core/constructs";
import { defineCommand, podArgument } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { openEntry, performRelease } from "../../release/command.ts";
import { goalOfNothing, previousVersion, refuseOther, rollbackGoal } from "../../release/goal.ts";
import { CLUSTER, latestDone } from "../../release/journal.ts";
import { contextOf, type ReleaseFlags, releaseFlags } from "../../release/flags.ts";

export interface RollbackOptions extends ReleaseFlags {
  readonly ref: string;
}

export const definition = defineCommand<RollbackOptions>({
  description:
    "Brings the version back that ran before the present one, or the named one, in the same order as a" +
    " release. A version that the project or the hosts have no more comes from the project's history.\n" +
    "While a release is interrupted, it puts all back as it was before that one.\n" +
    "Exit code 0: the old version runs; 1: it does not, and why is said.",
  example: "sns pod rollback web --dry-run\nsns pod rollback web\nsns pod rollback web:1.0.0",
  parser: object({
    ref: podArgument("POD[:VERSION]", "The pod, and the version that is to run again"),
    ...releaseFlags,
  }),
  run,
});

async function run(deps: Deps, options: RollbackOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const { pod, version, host } = parsePodRef(options.ref);
  if (host !== undefined) {
    throw new UserError(`Cannot roll "${options.ref}" back: a rollback is for all hosts of a pod`, {
      hint: `sns pod rollback ${pod}`,
    });
  }
  refuseOther(await openEntry(cluster, CLUSTER), "");
  const open = await openEntry(cluster, pod);
  if (open !== undefined) {
    if (version !== undefined) refuseOther(open, `${pod}:${version}`);
    // An interrupted rollback goes on, an interrupted release goes back.
    const goBack = version === undefined && open.rollback !== true;
    const goal = goBack
      ? goalOfNothing(pod, open.target)
      : await rollbackGoal(cluster, pod, open.target.slice(pod.length + 1));
    return await performRelease(contextOf(deps, cluster, options), goal, {
      ...options,
      goBack,
      rollback: !goBack,
    });
  }
  const wanted = version === undefined || version === "latest"
    ? await previousVersion(cluster, pod)
    : version;
  const goal = await rollbackGoal(cluster, pod, wanted);
  // What could not run beside its successor can't run beside its predecessor either.
  const mode = options.mode ?? (await latestDone(cluster.root, pod))?.mode;
  return await performRelease(contextOf(deps, cluster, { ...options, mode }), goal, {
    ...options,
    rollback: true,
  });
}
