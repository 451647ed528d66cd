/** What a release does to the project: each step is written, committed, and pushed where that is wanted. */
import type { Deps } from "../deps.ts";
import { describeError } from "../errors.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { discardChanges, push } from "../project/git_write.ts";
import type { Goal } from "./goal.ts";
import type { IngressGate } from "./ingress_gate.ts";
import type { JournalEntry } from "./journal.ts";
import type { ReleaseView, Step } from "./model.ts";
import { commitRelease, pathsOf, restoreTree, writeChanges } from "./write.ts";

export interface ProjectSideOptions {
  readonly deps: Deps;
  readonly cluster: Cluster;
  /** Push each commit before its sync. */
  readonly push: boolean;
  /** Absent in a cluster without an ingress pod. */
  readonly ingress: IngressGate | undefined;
}

export class ProjectSide {
  #written = false;

  constructor(private readonly options: ProjectSideOptions) {}

  /** Whether anything was committed. */
  get written(): boolean {
    return this.#written;
  }

  /**
   * Writes one step and commits it with its record.
   *
   * @returns the commit
   * @throws {Error} when it can't be written; the project is as before then
   */
  async write(
    goal: Goal,
    { phase, changes }: Step & { kind: "write" },
    view: ReleaseView,
    entry: JournalEntry,
  ): Promise<string> {
    const { deps, cluster, ingress } = this.options;
    return await this.#orDiscard(goal, async () => {
      await writeChanges(deps, cluster, goal, changes);
      if (phase === "switch") await ingress?.turnOver(view.replicas);
      return await this.#commit(goal, entry);
    });
  }

  /** Makes the files of the goal's tree as they were, and commits that. */
  async restore(goal: Goal, entry: JournalEntry): Promise<string> {
    return await this.#orDiscard(goal, async () => {
      await restoreTree(this.options.cluster, goal);
      return await this.#commit(goal, entry, goal.tree?.paths);
    });
  }

  /** Commits a record alone. */
  async note(goal: Goal, entry: JournalEntry): Promise<void> {
    await this.#orDiscard(goal, () => this.#commit(goal, entry));
  }

  async #commit(goal: Goal, entry: JournalEntry, more: readonly string[] = []): Promise<string> {
    const { cluster } = this.options;
    const paths = [...await this.#paths(goal), PROJECT_FILES.log, PROJECT_FILES.syncLogs, ...more];
    const commit = await commitRelease(cluster, entry, paths);
    this.#written = true;
    await this.#push();
    return commit;
  }

  async #orDiscard<T>(goal: Goal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await discardChanges(this.options.cluster.root, await this.#paths(goal));
      throw error;
    }
  }

  async #paths(goal: Goal): Promise<string[]> {
    const { cluster, ingress } = this.options;
    return [...await pathsOf(cluster, goal), ...ingress?.paths ?? []];
  }

  /** A push that fails is told; it is no reason to take anything back. */
  async #push(): Promise<void> {
    const { deps, cluster } = this.options;
    if (!this.options.push) return;
    try {
      await push(cluster.root);
    } catch (error) {
      deps.log.warn(describeError(error).join("\n"));
    }
  }
}
