/**
 * File events of a changing set of directories; hints only, the caller looks again from time to time.
 *
 * Deno 2.9 opens each path that an event names. A FIFO that somebody makes in a watched directory
 * therefore holds up all further events until its other end is opened; the caller's polling remains.
 */
import { messageOf } from "./files.ts";

export interface WatchDeps {
  /** Told of paths that were made, changed, moved or removed. */
  readonly onPaths: (paths: readonly string[]) => void;
  /** Told that events were lost, so that anything may have changed. */
  readonly onLost: () => void;
  /** Told why there are no events, once per failed attempt. */
  readonly onFailure: (message: string) => void;
}

/** Watches directories, not what is below them. One system watcher for all, as those are scarce. */
export class DirectoryWatch {
  #watcher: Deno.FsWatcher | undefined;
  #watched = "";
  #given: readonly string[] = [];

  constructor(readonly deps: WatchDeps) {}

  /** Whether events are coming. */
  get works(): boolean {
    return this.#watcher !== undefined;
  }

  /**
   * Watches exactly `directories` from now on.
   *
   * @returns true when that is news: what happened in a new directory until now was not seen
   */
  update(directories: readonly string[]): boolean {
    if (this.#watcher && directories === this.#given) return false;
    this.#given = directories;
    const wanted = directories.toSorted().join("\0");
    if (this.#watcher && wanted === this.#watched) return false;
    const previous = this.#watcher;
    try {
      this.#watcher = Deno.watchFs([...directories], { recursive: false });
      this.#watched = wanted;
      void this.#follow(this.#watcher);
    } catch (error) {
      this.#watcher = undefined;
      this.deps.onFailure(messageOf(error));
    }
    previous?.close();
    return this.works;
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #follow(watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const event of watcher) {
        if (event.flag === "rescan") this.deps.onLost();
        // Reading a file is an "access" too: it would wake the reader by its own reading.
        else if (event.kind !== "access") this.deps.onPaths(event.paths);
      }
    } catch (error) {
      if (this.#watcher === watcher) this.#watcher = undefined;
      this.deps.onFailure(messageOf(error));
      this.deps.onLost();
    }
  }
}
