/**
 * Carries a release out: looks, asks {@link planRelease} for the next step, does it, and looks again.
 * Every change of the project is a commit that says what it belongs to, so whoever comes next can go on.
 */
import type { Deps } from "../deps.ts";
import { describeError, UserError } from "../errors.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { discardChanges, headCommit, push } from "../project/git_write.ts";
import { pause } from "../sync/pause.ts";
import { checkProject } from "../sync/preconditions.ts";
import { syncCluster } from "../sync/sync.ts";
import { type Drained, DrainWatch } from "./drain_watch.ts";
import type { Tell } from "./events.ts";
import { backGoal, type Goal } from "./goal.ts";
import type { IngressGate } from "./ingress_gate.ts";
import type { JournalEntry } from "./journal.ts";
import { lastWords } from "./last_words.ts";
import {
  NOTHING_KNOWN,
  type Phase,
  type ReleaseMemory,
  type ReleaseMode,
  type ReleaseOptions,
  type ReleaseView,
  type Step,
} from "./model.ts";
import { type Observation, observeReplicas } from "./observe.ts";
import { type Planned, planRelease } from "./plan.ts";
import { previewRelease } from "./preview.ts";
import { commitRelease, pathsOf, restoreTree, writeChanges } from "./write.ts";

/** Milliseconds between looks while something is waited for. */
const LOOK_MS = 250;

export interface RunOptions extends ReleaseOptions {
  /** Accept rolling hosts back with the first sync. */
  readonly force: boolean;
  /** Push each commit before its sync, so that another clone can go on. */
  readonly push: boolean;
  readonly parallel: number;
}

export interface ReleaseContext {
  readonly deps: Deps;
  readonly cluster: Cluster;
  readonly tell: Tell;
  readonly options: RunOptions;
  /** Absent in a cluster without an ingress pod. */
  readonly ingress?: IngressGate;
}

/** How a release ended. */
export interface Ended {
  readonly result: "released" | "restored" | "stuck";
  readonly why?: string;
  readonly ms: number;
  readonly phases: readonly { readonly phase: string; readonly ms: number }[];
  readonly drained: Drained;
}

/** One release, from wherever it stands to its end. */
export class ReleaseRun {
  readonly #context: ReleaseContext;
  readonly #began = performance.now();
  readonly #phases: { phase: string; ms: number }[] = [];
  readonly #drains = new DrainWatch();
  #goal: Goal;
  /** What the commits of this release say, but for their phase. */
  #journal: Omit<JournalEntry, "entry">;
  #back: boolean;
  #memory: ReleaseMemory = NOTHING_KNOWN;
  /** Whether all hosts were brought to the newest commit, by this process. */
  #synced = false;
  #written = false;
  #force: boolean;
  #treeDone = false;
  #phase: { name: string; since: number } | undefined;

  /**
   * @param journal the record so far, with its base
   * @param back whether it is on the way back already
   */
  constructor(
    context: ReleaseContext,
    goal: Goal,
    journal: Omit<JournalEntry, "entry">,
    back: boolean,
  ) {
    this.#context = context;
    this.#goal = goal;
    this.#journal = journal;
    this.#back = back;
    this.#force = context.options.force;
  }

  /** The phases that are to come. */
  async preview(): Promise<{ view: ReleaseView; phases: ReturnType<typeof previewRelease> }> {
    const { view } = await this.#look();
    const { ingress } = this.#context;
    const asked = ingress === undefined
      ? view
      : { ...view, ingress: await ingress.view(view.replicas) };
    return { view, phases: previewRelease(asked, this.#options()) };
  }

  /**
   * Goes on to the end.
   *
   * @throws {UserError} when it was interrupted, or nothing was changed yet and nothing can be
   */
  async run(): Promise<Ended> {
    try {
      for (;;) {
        const ended = await this.#turn();
        if (ended !== undefined) return ended;
      }
    } catch (error) {
      this.#stopIfInterrupted();
      throw error;
    }
  }

  async #turn(): Promise<Ended | undefined> {
    const { view, seen } = await this.#look();
    this.#drains.look(view);
    const planned = await this.#plan(view);
    this.#memory = planned.memory;
    return await this.#act(planned.step, view, seen);
  }

  /** The load balancers are asked only when all else is done that comes before them. */
  async #plan(view: ReleaseView): Promise<Planned> {
    const now = performance.now();
    const planned = planRelease(view, this.#memory, now, this.#options());
    const { ingress } = this.#context;
    if (ingress === undefined || !comesAfterIngress(planned.step, this.#options().mode)) {
      return planned;
    }
    const asked = { ...view, ingress: await ingress.view(view.replicas) };
    return planRelease(asked, this.#memory, now, this.#options());
  }

  #options(): ReleaseOptions {
    const { options } = this.#context;
    return this.#back ? { ...options, lenient: true, settleMs: 0 } : options;
  }

  async #look(): Promise<{ view: ReleaseView; seen: Observation }> {
    const { deps, cluster } = this.#context;
    const seen = await observeReplicas(deps, cluster, this.#goal);
    return { view: { replicas: seen.replicas, synced: this.#synced }, seen };
  }

  async #act(step: Step, view: ReleaseView, seen: Observation): Promise<Ended | undefined> {
    switch (step.kind) {
      case "write":
        await this.#write(step, view);
        return undefined;
      case "sync":
        return await this.#sync(view);
      case "wait":
        this.#context.tell({ event: "waiting", for: step.for, missing: step.missing });
        await pause(LOOK_MS, this.#context.deps.signal);
        this.#stopIfInterrupted();
        return undefined;
      case "fail":
        return await this.#failed(this.#explain(step.why, seen), step.missing);
      case "done":
        return await this.#finish();
    }
  }

  async #write({ phase, changes }: Step & { kind: "write" }, view: ReleaseView): Promise<void> {
    const { deps, cluster, ingress, tell } = this.#context;
    const preview = previewRelease(view, this.#options());
    const text = preview.find((each) => each.phase === phase)?.text ?? phase;
    this.#enter(phase);
    try {
      await writeChanges(quiet(deps), cluster, this.#goal, changes);
      if (phase === "switch") await ingress?.turnOver(view.replicas);
    } catch (error) {
      await this.#discard();
      throw error;
    }
    const commit = await this.#commit(this.#back ? `back-${phase}` : phase);
    tell({ event: "phase", phase, back: this.#back, text, commit });
  }

  async #commit(entry: JournalEntry["entry"], more: readonly string[] = []): Promise<string> {
    const { cluster } = this.#context;
    const paths = [...await this.#paths(), PROJECT_FILES.log, PROJECT_FILES.syncLogs, ...more];
    try {
      const commit = await commitRelease(cluster, { ...this.#journal, entry }, paths);
      this.#written = true;
      this.#synced = false;
      await this.#push();
      return commit;
    } catch (error) {
      await this.#discard();
      throw error;
    }
  }

  /** What is not committed is given up: the project is as before this step. */
  async #discard(): Promise<void> {
    await discardChanges(this.#context.cluster.root, await this.#paths());
  }

  async #paths(): Promise<string[]> {
    const { cluster, ingress } = this.#context;
    return [...await pathsOf(cluster, this.#goal), ...ingress?.paths ?? []];
  }

  /** Brings the project to the hosts; a host that can't be reached stops the way there, not the way back. */
  async #sync(view: ReleaseView): Promise<Ended | undefined> {
    const { deps, cluster, options } = this.#context;
    const outcomes = await syncCluster(quiet(deps), cluster, await checkProject(cluster), {
      force: this.#force,
      parallel: options.parallel,
      skipUnreachable: this.#back,
    });
    this.#stopIfInterrupted();
    this.#force = false;
    const bad = outcomes.filter(({ result }) =>
      result === "failed" || result === "skipped" && this.#back
    );
    if (bad.length === 0 || this.#back && bad.every(({ result }) => result === "skipped")) {
      for (const { host, text } of bad) deps.log.warn(`${host} is left out: ${text}`);
      this.#synced = true;
      return undefined;
    }
    const why = bad.map(({ host, text }) => `${host}: ${text}`).join("\n");
    const retired = view.replicas.every(({ wanted, state }) => wanted || state !== "running");
    if (!this.#back && retired && this.#phase?.name === "retire") {
      // The new version has all the traffic: what is left is to be removed by the next sync.
      return await this.#end(
        "released",
        `Not all hosts could be told to remove the old version: ${why}`,
      );
    }
    return await this.#failed(`not all hosts could be synced: ${why}`, []);
  }

  /** On the way there it turns back; on the way back it can only tell. */
  async #failed(why: string, missing: readonly string[]): Promise<Ended | undefined> {
    const { deps, cluster, tell } = this.#context;
    const logs = await lastWords(deps, cluster, missing);
    tell({ event: "failed", why, ...(Object.keys(logs).length === 0 ? {} : { logs }) });
    const first = this.#journal.why ?? why;
    if (this.#back) {
      return await this.#end("stuck", `could not be taken back either: ${why}`);
    }
    if (!this.#written && await headCommit(cluster.root) === this.#journal.base) {
      return await this.#end("stuck", why);
    }
    this.#goal = await backGoal(
      cluster,
      this.#journal,
      this.#goal.pods,
      this.#context.ingress?.paths,
    );
    this.#journal = { ...this.#journal, why: first };
    this.#back = true;
    this.#memory = NOTHING_KNOWN;
    this.#synced = false;
    this.#treeDone = false;
    return undefined;
  }

  /** All is as it is to be: the last commits. */
  async #finish(): Promise<Ended | undefined> {
    const { cluster, tell } = this.#context;
    if (this.#goal.tree !== undefined && !this.#treeDone) {
      this.#enter("finish");
      await restoreTree(cluster, this.#goal);
      const commit = await this.#commit(
        this.#back ? "back-retire" : "retire",
        this.#goal.tree.paths,
      );
      const text = `the project as of ${this.#goal.tree.commit.slice(0, 10)}`;
      tell({ event: "phase", phase: "finish", back: this.#back, text, commit });
      this.#treeDone = true;
      return undefined;
    }
    return this.#back
      ? await this.#end("restored", this.#journal.why ?? "it was taken back")
      : await this.#end("released");
  }

  async #end(result: Ended["result"], why?: string): Promise<Ended> {
    this.#enter(undefined);
    if (result !== "stuck") {
      await this.#commit(result === "released" ? "done" : "restored");
    }
    return {
      result,
      ms: Math.round(performance.now() - this.#began),
      phases: this.#phases,
      drained: this.#drains.result(),
      ...(why === undefined ? {} : { why }),
    };
  }

  /** A push that fails is told; it is no reason to take anything back. */
  async #push(): Promise<void> {
    const { deps, cluster, options } = this.#context;
    if (!options.push) return;
    try {
      await push(cluster.root);
    } catch (error) {
      deps.log.warn(describeError(error).join("\n"));
    }
  }

  #enter(phase: Phase | "finish" | undefined): void {
    const now = performance.now();
    if (this.#phase !== undefined) {
      const { name, since } = this.#phase;
      this.#phases.push({ phase: name, ms: Math.round(now - since) });
    }
    this.#phase = phase === undefined
      ? undefined
      : { name: this.#back ? `back-${phase}` : phase, since: now };
  }

  #explain(why: string, { silent }: Observation): string {
    const reasons = [...silent].map(([host, text]) => `${host}: ${text}`);
    return reasons.length === 0 ? why : `${why} (${reasons.join("; ")})`;
  }

  #stopIfInterrupted(): void {
    if (!this.#context.deps.signal.aborted) return;
    throw new UserError(
      `The release of ${this.#goal.target} was interrupted; traffic goes on as it is`,
      {
        hint: "run the same command again to go on",
      },
    );
  }
}

/** Steps of a release say themselves what they do. */
function quiet(deps: Deps): Deps {
  return { ...deps, log: { ...deps.log, info: () => {}, ok: () => {} } };
}

/** Whether a step is for a time when requests come to the new version already. */
function comesAfterIngress(step: Step, mode: ReleaseMode): boolean {
  if (step.kind === "done") return true;
  if (mode !== "soft") return false;
  return step.kind === "write" && (step.phase === "close" || step.phase === "retire") ||
    step.kind === "wait" && step.for === "drained";
}
