/**
 * Carries a release out: looks, asks {@link planRelease} for the next step, does it, and looks again.
 * Every change of the project is a commit that says what it belongs to, so whoever comes next can go on.
 */
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { headCommit } from "../project/git_write.ts";
import { pause } from "../sync/pause.ts";
import { checkProject } from "../sync/preconditions.ts";
import { syncCluster } from "../sync/sync.ts";
import type { Ended, ReleaseContext } from "./context.ts";
import { DrainWatch } from "./drain_watch.ts";
import { backGoal, type Goal } from "./goal.ts";
import type { JournalEntry } from "./journal.ts";
import { lastWords } from "./last_words.ts";
import {
  NOTHING_KNOWN,
  type ReleaseMemory,
  type ReleaseMode,
  type ReleaseOptions,
  type ReleaseView,
  type Step,
} from "./model.ts";
import { type Observation, observeReplicas } from "./observe.ts";
import { type Planned, planRelease } from "./plan.ts";
import { PhaseClock } from "./phase_clock.ts";
import { previewRelease } from "./preview.ts";
import { ProjectSide } from "./project_side.ts";

/** Milliseconds between looks while something is waited for. */
const LOOK_MS = 250;

/** One release, from wherever it stands to its end. */
export class ReleaseRun {
  readonly #context: ReleaseContext;
  readonly #clock = new PhaseClock();
  readonly #project: ProjectSide;
  readonly #drains = new DrainWatch();
  #goal: Goal;
  /** What the commits of this release say, but for their phase. */
  #journal: Omit<JournalEntry, "entry">;
  #back: boolean;
  #memory: ReleaseMemory = NOTHING_KNOWN;
  /** Whether all hosts were brought to the newest commit, by this process. */
  #synced = false;
  #force: boolean;
  #treeDone = false;

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
    const { deps, cluster, options: { push }, ingress } = context;
    this.#project = new ProjectSide({ deps: quiet(deps), cluster, push, ingress });
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
    const { planned, asked } = await this.#plan(view);
    this.#memory = planned.memory;
    return await this.#act(planned.step, asked, seen);
  }

  /** The load balancers are asked only when all else is done that comes before them. */
  async #plan(view: ReleaseView): Promise<{ planned: Planned; asked: ReleaseView }> {
    const now = performance.now();
    const planned = planRelease(view, this.#memory, now, this.#options());
    const { ingress } = this.#context;
    if (ingress === undefined || !comesAfterIngress(planned.step, this.#options().mode)) {
      return { planned, asked: view };
    }
    const asked = { ...view, ingress: await ingress.view(view.replicas) };
    return { planned: planRelease(asked, this.#memory, now, this.#options()), asked };
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

  async #write(step: Step & { kind: "write" }, view: ReleaseView): Promise<void> {
    const { phase } = step;
    const preview = previewRelease(view, this.#options());
    const text = preview.find((each) => each.phase === phase)?.text ?? phase;
    this.#enter(phase);
    this.#synced = false;
    const entry = this.#entry(this.#back ? `back-${phase}` : phase);
    const commit = await this.#project.write(this.#goal, step, view, entry);
    this.#context.tell({ event: "phase", phase, back: this.#back, text, commit });
  }

  #entry(entry: JournalEntry["entry"]): JournalEntry {
    return { ...this.#journal, entry };
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
    if (!this.#back && retired && this.#clock.current === "retire") {
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
    if (!this.#project.written && await headCommit(cluster.root) === this.#journal.base) {
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
    if (this.#goal.tree !== undefined && !this.#treeDone) {
      this.#enter("finish");
      this.#synced = false;
      const entry = this.#entry(this.#back ? "back-retire" : "retire");
      const commit = await this.#project.restore(this.#goal, entry);
      const text = `the project as of ${this.#goal.tree.commit.slice(0, 10)}`;
      this.#context.tell({ event: "phase", phase: "finish", back: this.#back, text, commit });
      this.#treeDone = true;
      return undefined;
    }
    return this.#back
      ? await this.#end("restored", this.#journal.why ?? "it was taken back")
      : await this.#end("released");
  }

  async #end(result: Ended["result"], why?: string): Promise<Ended> {
    this.#clock.enter(undefined);
    if (result !== "stuck") {
      const entry = this.#entry(result === "released" ? "done" : "restored");
      await this.#project.note(this.#goal, entry);
    }
    return {
      result,
      ms: this.#clock.ms,
      phases: this.#clock.phases,
      drained: this.#drains.result(),
      ...(why === undefined ? {} : { why }),
    };
  }

  #enter(phase: string): void {
    this.#clock.enter(this.#back ? `back-${phase}` : phase);
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
