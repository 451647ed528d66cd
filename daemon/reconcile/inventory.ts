/** The instances of one host home as last seen, kept up to date by news. */
import { discover, type Instance } from "../discovery.ts";
import { messageOf } from "../files.ts";
import type { ProblemLog } from "../log.ts";
import { readHostInterface } from "../proxy_conf.ts";
import type { News } from "./news.ts";
import { observe, type Observed, type ObserveDeps, observeStatus } from "./observe.ts";

export class Inventory {
  /** By instance id. */
  readonly observed = new Map<string, Observed>();
  /** Every directory in which an instance may appear or change. */
  directories: readonly string[];
  /** Address that pods bind to. */
  hostInterface: string | undefined;

  constructor(
    readonly home: string,
    readonly deps: ObserveDeps,
    readonly problems: ProblemLog,
  ) {
    this.directories = [home];
  }

  /** Looks again at what the news name. One instance that cannot be looked at does not stop the others. */
  refresh(news: ReturnType<News["take"]>): void {
    if (news.host) this.#readHost();
    const known = [...news.instances].flatMap((id) => this.observed.get(id)?.instance ?? []);
    const unknown = known.length < news.instances.size;
    const due = news.everything || unknown ? this.#discover() : known;
    for (const instance of due) this.#lookAt(instance);
  }

  /**
   * Reads the status of instances again, nothing else of them.
   *
   * @returns those of which it says more than that they go on as before
   */
  refreshStatuses(ids: ReadonlySet<string>): string[] {
    return [...ids].filter((id) => {
      const before = this.observed.get(id);
      if (before === undefined) return false;
      const after = observeStatus(before, this.deps);
      this.#compareProblems(before, after);
      this.observed.set(id, after);
      return gist(before) !== gist(after);
    });
  }

  /** Instances whose supervisor is gone since the last look: they are to be looked at. */
  bereft(): string[] {
    const gone = [...this.observed].filter(([, { pid, facts }]) =>
      pid !== undefined && facts.status?.pidAlive === true && !this.deps.isAlive(pid)
    );
    for (const [id, seen] of gone) this.observed.set(id, withoutProcess(seen));
    return gone.map(([id]) => id);
  }

  #discover(): readonly Instance[] {
    const found = discover(this.home, (path, error) => {
      this.problems.report(path, `Cannot look into ${path}: ${messageOf(error)}`);
    });
    this.directories = found.directories;
    const ids = new Set(found.instances.map(({ id }) => id));
    for (const id of [...this.observed.keys()]) if (!ids.has(id)) this.#forget(id);
    return found.instances;
  }

  #lookAt(instance: Instance): void {
    try {
      const seen = observe(instance, this.deps, this.observed.get(instance.id));
      if (seen === undefined) return this.#forget(instance.id);
      this.#compareProblems(this.observed.get(instance.id), seen);
      this.observed.set(instance.id, seen);
      this.problems.clear(instance.dir);
    } catch (error) {
      this.problems.report(instance.dir, `Cannot look at ${instance.dir}: ${messageOf(error)}`);
    }
  }

  #forget(id: string): void {
    const known = this.observed.get(id);
    if (!known) return;
    this.#compareProblems(known, undefined);
    this.deps.cache.forget(known.instance.dir);
    this.observed.delete(id);
  }

  #compareProblems(before: Observed | undefined, after: Observed | undefined): void {
    for (const path of before?.problems.keys() ?? []) {
      if (!after?.problems.has(path)) this.problems.clear(path);
    }
    for (const [path, message] of after?.problems ?? []) this.problems.report(path, message);
  }

  /** An unreadable hosts.conf leaves the address as it was. */
  #readHost(): void {
    try {
      this.hostInterface = readHostInterface(this.home);
      this.problems.clear("hosts.conf");
    } catch (error) {
      this.problems.report("hosts.conf", messageOf(error));
    }
  }
}

/** A status without its refreshes. */
function gist({ facts: { status }, pid }: Observed): string {
  return status ? `${status.word} ${status.ready} ${status.pidAlive} ${pid}` : "";
}

function withoutProcess(seen: Observed): Observed {
  const { status } = seen.facts;
  return status
    ? { ...seen, facts: { ...seen.facts, status: { ...status, pidAlive: false } } }
    : seen;
}
