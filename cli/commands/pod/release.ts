import { object } from "@optique/core/constructs";
import { defineCommand, podArgument } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { openEntry, performRelease } from "../../release/command.ts";
import { contextOf, type ReleaseFlags, releaseFlags } from "../../release/flags.ts";
import { refuseOther, releaseGoal, sourceVersion } from "../../release/goal.ts";
import { CLUSTER, latestDone } from "../../release/journal.ts";
import { isReached, observeReplicas } from "../../release/observe.ts";

export interface ReleaseCommandOptions extends ReleaseFlags {
  readonly ref: string;
}

export const definition = defineCommand<ReleaseCommandOptions>({
  description: "Brings a version of a pod to all its hosts without losing a request.\n" +
    "soft: the new version starts beside the old one, gets the traffic when all of it is ready, and the" +
    " old one ends when its connections have. safe: the old version ends first. hard: both at once.\n" +
    "Without a version the pod is compiled as its pod.yaml is now. When anything fails, all is put back" +
    " as it was. Interrupted, the same command goes on.\n" +
    "Exit code 0: released; 1: not released, and why is said.",
  example:
    "sns pod release web --dry-run\nsns pod release web\nsns pod release web:1.2.0 --mode=safe --push",
  parser: object({
    ref: podArgument("POD[:VERSION]", "The pod, and the version that is to run"),
    ...releaseFlags,
  }),
  run,
});

async function run(deps: Deps, options: ReleaseCommandOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const { pod, version, host } = parsePodRef(options.ref);
  if (host !== undefined) {
    throw new UserError(`Cannot release "${options.ref}": a release is for all hosts of a pod`, {
      hint: `sns pod release ${pod}`,
    });
  }
  if (pod === "ingress") {
    throw new UserError("The ingress can't be released like this: it has the public ports", {
      hint:
        "set the old version to removed, then: sns pod compile ingress, commit, sns cluster sync",
    });
  }
  const asked = version === undefined || version === "latest" ? undefined : version;
  const wanted = asked ?? await sourceVersion(cluster, pod);
  const goal = await releaseGoal(deps, cluster, pod, wanted);
  refuseOther(await openEntry(cluster, CLUSTER), goal.target);
  const open = await openEntry(cluster, pod);
  refuseOther(open, goal.target);
  if (asked === undefined && open === undefined) {
    const done = await latestDone(cluster.root, pod);
    const { replicas } = await observeReplicas(deps, cluster, goal);
    if (done?.target === goal.target && isReached(replicas)) {
      throw new UserError(`Nothing to do: ${goal.target} is released already`, {
        hint: "raise podVersion in pod.yaml, or name the version to release it again",
      });
    }
  }
  return await performRelease(contextOf(deps, cluster, options), goal, options);
}
