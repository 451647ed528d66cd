import { object } from "@optique/core/constructs";
import { defineCommand, flag, textArgument } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { changedSince, findCommit } from "../../project/git_write.ts";
import { openEntry, performRelease } from "../../release/command.ts";
import { clusterGoal, refuseOther } from "../../release/goal.ts";
import { CLUSTER } from "../../release/journal.ts";
import { isOwnLog } from "../../sync/preconditions.ts";
import { contextOf, type ReleaseFlags, releaseFlags } from "../../release/flags.ts";

export interface RollbackOptions extends ReleaseFlags {
  readonly commit: string;
  readonly yes: boolean;
}

export const definition = defineCommand<RollbackOptions>({
  description:
    "Brings all pods on all hosts back to a commit of the project: versions in the order of a release, then" +
    " everything else. It makes a new commit with the files of the old one (but the logs go on); history" +
    " is never rewritten. Shows the plan and asks first.\n" +
    "Exit code 0: all hosts are as the commit says; 1: they are not, and why is said.",
  example: "sns cluster rollback HEAD~3 --dry-run\nsns cluster rollback 4f2a9c1 --yes",
  parser: object({
    commit: textArgument("COMMIT", "A commit in the history of the project, or a tag"),
    ...releaseFlags,
    yes: flag(["-y", "--yes"], "Don't ask"),
  }),
  run,
});

async function run(deps: Deps, options: RollbackOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const open = await openEntry(cluster, CLUSTER);
  const commit = await findCommit(cluster.root, options.commit);
  if (commit === undefined) {
    throw new UserError(`The project does not have the commit ${options.commit}`, {
      hint: "git log --oneline",
    });
  }
  refuseOther(open, commit);
  const goal = await clusterGoal(cluster, commit);
  for (const pod of goal.pods) refuseOther(await openEntry(cluster, pod), "");
  const changes = (await changedSince(cluster.root, commit)).filter((path) => !isOwnLog(path));
  if (changes.length === 0 && open === undefined) {
    deps.log.info(`Nothing to do: the project is as in ${options.commit}`);
    return 0;
  }
  const question = `Bring all hosts back to ${options.commit}?`;
  return await performRelease(contextOf(deps, cluster, options), goal, {
    ...options,
    changes,
    ask: { question, yes: options.yes },
  });
}
