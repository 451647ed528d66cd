/** File events of a changing set of directories; hints only, the caller looks again from time to time. */
import { join } from "node:path/posix";
import { messageOf } from "./files.ts";
import { type FileEvent, Inotify } from "./inotify.ts";
import { sleep } from "./sleep.ts";

export interface WatchDeps {
  /**
   * Told of paths that were made, changed, moved or removed; says whether any of them is worth a wakeful
   * look at what comes next.
   */
  readonly onPaths: (paths: readonly string[]) => boolean;
  /** Told that events were lost, so that anything may have changed. */
  readonly onLost: () => void;
  /** Told why there are no events, once per failed attempt. */
  readonly onFailure: (message: string) => void;
}

/** Milliseconds from an event to a look at it, for those that come with it … */
const DEBOUNCE = 50;
/** … and from there to the next wait, where nothing but noise came: many pods refresh their status. */
const SPACING = 250;

/** Watches directories, not what is below them. */
export class DirectoryWatch {
  #source: Inotify | undefined;
  #following = Promise.resolve();
  #end = new AbortController();
  readonly #byPath = new Map<string, number>();
  readonly #byWatch = new Map<number, string>();
  #given: readonly string[] = [];

  constructor(readonly deps: WatchDeps) {}

  /** Whether events are coming. */
  get works(): boolean {
    return this.#source !== undefined;
  }

  /**
   * Watches exactly `directories` from now on.
   *
   * @returns true when that is news: what happened in a new directory until now was not seen
   */
  update(directories: readonly string[]): boolean {
    if (this.#source && directories === this.#given) return false;
    try {
      const source = this.#source ?? this.#open();
      const news = this.#watchOnly(source, new Set(directories));
      this.#given = directories;
      return news;
    } catch (error) {
      void this.close();
      this.deps.onFailure(messageOf(error));
      return false;
    }
  }

  /** No events any more once it resolves. */
  async close(): Promise<void> {
    this.#end.abort();
    this.#source?.wake();
    this.#forgetAll();
    await this.#following;
  }

  #open(): Inotify {
    const source = new Inotify();
    this.#source = source;
    this.#end = new AbortController();
    this.#following = this.#follow(source, this.#end.signal);
    return source;
  }

  #watchOnly(source: Inotify, wanted: ReadonlySet<string>): boolean {
    for (const [path, watch] of this.#byPath) {
      if (wanted.has(path)) continue;
      this.#forget(path);
      source.remove(watch);
    }
    let news = false;
    for (const path of wanted) {
      if (this.#byPath.has(path)) continue;
      const watch = source.add(path);
      if (watch === undefined) continue;
      this.#byPath.set(path, watch);
      this.#byWatch.set(watch, path);
      news = true;
    }
    return news;
  }

  async #follow(source: Inotify, end: AbortSignal): Promise<void> {
    try {
      while (!end.aborted) {
        await source.wait();
        await sleep(DEBOUNCE, end);
        if (end.aborted) break;
        if (!this.#take([...source.read()])) await sleep(SPACING, end);
      }
    } catch (error) {
      this.#forgetAll();
      this.deps.onFailure(messageOf(error));
      this.deps.onLost();
    } finally {
      source.close();
    }
  }

  #take(events: readonly FileEvent[]): boolean {
    const paths: string[] = [];
    for (const { watch, name, movesDirectory, ended } of events) {
      const directory = this.#byWatch.get(watch);
      if (directory === undefined) continue;
      const path = name === "" ? directory : join(directory, name);
      paths.push(path);
      // Another directory may have that name now: it is watched anew.
      if (ended) this.#forgetTree(directory);
      else if (movesDirectory) this.#forgetTree(path);
    }
    if (events.some(({ lost }) => lost)) this.deps.onLost();
    return paths.length > 0 && this.deps.onPaths(paths);
  }

  #forgetTree(path: string): void {
    for (const [each, watch] of [...this.#byPath]) {
      if (each !== path && !each.startsWith(`${path}/`)) continue;
      this.#forget(each);
      this.#source?.remove(watch);
    }
  }

  #forget(path: string): void {
    const watch = this.#byPath.get(path);
    this.#byPath.delete(path);
    if (watch !== undefined) this.#byWatch.delete(watch);
    this.#given = [];
  }

  #forgetAll(): void {
    this.#byPath.clear();
    this.#byWatch.clear();
    this.#given = [];
    this.#source = undefined;
  }
}
