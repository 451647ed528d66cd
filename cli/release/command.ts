/** What the commands that release have in common: the lock, the plan, the run and its receipt. */
import { join } from "node:path";
import { parsePortMappings } from "../../proxy/conf/mod.ts";
import { type Deps, stampOf } from "../deps.ts";
import { describeError, UserError } from "../errors.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { refuseShallow } from "../project/git.ts";
import { checkPush, findCommit, headCommit } from "../project/git_write.ts";
import { type HostDir, usableHosts } from "../project/host.ts";
import { appendLog } from "../project/log.ts";
import { findPortClashes } from "../project/ports.ts";
import { allReleasePorts } from "../project/release_ports.ts";
import { podReleases } from "../project/release.ts";
import { mappingsText } from "../project/traffic.ts";
import { changesSomething } from "../sync/plan.ts";
import { checkProject } from "../sync/preconditions.ts";
import { prepareHosts } from "../sync/prepare.ts";
import { confirm } from "../ui/confirm.ts";
import type { PlanEvent } from "./events.ts";
import { backGoal, type Goal } from "./goal.ts";
import { findIngressGate } from "./ingress_gate.ts";
import { hasEnded, isBack, type JournalEntry, latestEntry } from "./journal.ts";
import type { ReleaseView } from "./model.ts";
import { replicaName } from "./plan.ts";
import { makeReceipt, proxyCounts } from "./receipt.ts";
import type { Ended, ReleaseContext } from "./context.ts";
import { ReleaseRun } from "./run.ts";
import { tidyUp } from "./write.ts";

export interface PerformOptions {
  readonly dryRun: boolean;
  /** Ask before anything is changed, unless `yes`. */
  readonly ask?: { readonly question: string; readonly yes: boolean };
  /** Go back to what was before an interrupted release, instead of on. */
  readonly goBack?: boolean;
  /** It is a rollback: running the same command again goes on with it. */
  readonly rollback?: boolean;
  /** Paths that the last commit changes, to be shown. */
  readonly changes?: readonly string[];
}

/**
 * Shows the plan for `goal` and carries it out, from wherever an interrupted attempt left it.
 *
 * @returns the exit code
 */
export async function performRelease(
  given: Omit<ReleaseContext, "ingress">,
  goal: Goal,
  options: PerformOptions,
): Promise<number> {
  const { deps, cluster, tell } = given;
  using _lock = await lockProject(cluster);
  const ingress = await findIngressGate(deps, cluster);
  const context: ReleaseContext = { ...given, ...(ingress === undefined ? {} : { ingress }) };
  const open = await openEntry(cluster, goal.subject);
  const back = options.goBack === true || (open !== undefined && isBack(open));
  if (!options.dryRun) await tidyUp(cluster, goal, open !== undefined, context.ingress?.paths);
  const base = open?.base ?? await headCommit(cluster.root);
  const { subject, target } = goal;
  const mode = open?.mode ?? context.options.mode;
  const why = options.goBack ? open?.why ?? "it was called back" : open?.why;
  const rollback = open === undefined ? options.rollback : open.rollback;
  const journal = {
    ...{ subject, target, mode, base },
    ...(why === undefined ? {} : { why }),
    ...(rollback ? { rollback: true as const } : {}),
  };
  const effective = back
    ? await backGoal(cluster, journal, goal.pods, context.ingress?.paths)
    : goal;
  const run = new ReleaseRun(
    { ...context, options: { ...context.options, mode } },
    effective,
    journal,
    back,
  );

  const { view, phases } = await run.preview();
  const pending = await pendingOperations(context);
  const plan = {
    event: "plan",
    target,
    mode,
    phases,
    pending,
    resumed: open !== undefined,
    back,
  } as const;
  tell({
    ...plan,
    ...whoRuns(view),
    ...(options.changes === undefined ? {} : { changes: options.changes }),
  });
  if (options.dryRun) return 0;
  if (context.options.push) await refuseOldBranch(cluster);
  if (mode === "soft") await refuseSharedPorts(cluster, view);
  if (options.ask && !await confirm(deps, options.ask.question, options.ask.yes)) return 1;
  if (open === undefined) await logRelease(deps, cluster, goal, view);
  return await performRun(context, run, await usableHosts(cluster), goal);
}

async function performRun(
  { deps, tell }: ReleaseContext,
  run: ReleaseRun,
  hosts: readonly HostDir[],
  goal: Goal,
): Promise<number> {
  const before = await proxyCounts(deps, hosts);
  const ended: Ended = await run.run();
  const after = await proxyCounts(deps, hosts);
  const ports = await clusterPorts(hosts, goal.pods);
  tell({ event: "receipt", ...makeReceipt(before, after, ports, ended.drained) });
  const { result, ms, phases, why } = ended;
  tell({
    event: "end",
    ...{ result, target: goal.target, ms, phases },
    ...(why === undefined ? {} : { why }),
  });
  return result === "released" && why === undefined ? 0 : 1;
}

/** The last entry about `subject`, when its release is not at its end. */
export async function openEntry(
  cluster: Cluster,
  subject: string,
): Promise<JournalEntry | undefined> {
  await refuseShallow(cluster.root);
  const entry = await latestEntry(cluster.root, subject);
  if (entry === undefined || hasEnded(entry)) return undefined;
  if (await findCommit(cluster.root, entry.base) !== undefined) return entry;
  throw new UserError(
    `The release of ${entry.target} was interrupted, and the commit before it, ${entry.base}, is gone`,
    { hint: "git fetch" },
  );
}

/** Keeps a second release out of this project; ends with the process, however that ends. */
async function lockProject(cluster: Cluster): Promise<Disposable> {
  const file = await Deno.open(join(cluster.root, PROJECT_FILES.id), { read: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new UserError("Another release is under way in this project", {
    hint: "wait until it has ended",
  });
}

/** What was committed earlier and is still to be synced; hosts that can't be synced are an error now. */
async function pendingOperations(
  { deps, cluster, options }: ReleaseContext,
): Promise<PlanEvent["pending"]> {
  const project = await checkProject(cluster);
  const { prepared, refused } = await prepareHosts(deps, cluster, project, options);
  const [first] = refused;
  if (first !== undefined) throw first.error;
  return prepared.filter(({ operations }) => changesSomething(operations))
    .map(({ host, operations }) => ({ host: host.name, operations }));
}

function whoRuns({ replicas }: ReleaseView): Pick<PlanEvent, "runs" | "goes"> {
  const running = replicas.filter(({ wanted, state }) => !wanted && state === "running");
  return {
    runs: replicas.filter(({ wanted }) => wanted).map(replicaName).sort(),
    goes: running.map(replicaName).sort(),
  };
}

/** Others' work is to be in the project before its commits go to hosts. */
async function refuseOldBranch(cluster: Cluster): Promise<void> {
  try {
    await checkPush(cluster.root);
  } catch (error) {
    throw new UserError(`The project can't be pushed now\n${describeError(error)[0]}`, {
      hint:
        "git pull --rebase, if others have pushed; git push -u origin HEAD, if this branch is new",
    });
  }
}

/** Two versions that bind the same host port can't run side by side. */
async function refuseSharedPorts(cluster: Cluster, { replicas }: ReleaseView): Promise<void> {
  const wanted = new Set(replicas.filter((each) => each.wanted).map(replicaName));
  const ports = (await allReleasePorts(await usableHosts(cluster)))
    .map((each) => wanted.has(replicaName(each)) ? { ...each, removed: false } : each);
  const clashes = findPortClashes(ports);
  if (clashes.length === 0) return;
  throw new UserError(`Both versions can't run at once: ports clash\n${clashes.join("\n")}`, {
    hint: "end the old one first: --mode=safe",
  });
}

async function logRelease(
  deps: Deps,
  cluster: Cluster,
  goal: Goal,
  view: ReleaseView,
): Promise<void> {
  const ran = view.replicas.some(({ wanted, state }) => wanted && state === "running");
  const action = `${ran ? "RE-RELEASE" : "RELEASE"} ${goal.target}`;
  await appendLog(join(cluster.root, PROJECT_FILES.log), action, stampOf(deps));
}

async function clusterPorts(
  hosts: readonly HostDir[],
  pods: ReadonlySet<string>,
): Promise<Set<number>> {
  const ports = new Set<number>();
  for (const host of hosts) {
    for (const pod of pods) {
      for (const release of await podReleases(host, pod)) {
        const { entries } = parsePortMappings(await mappingsText(release) ?? "");
        for (const { clusterPort } of entries) ports.add(clusterPort);
      }
    }
  }
  return ports;
}
