/** What happened since the last turn, and the waiting for it. */
import { basename, relative } from "node:path/posix";
import { sleep } from "../sleep.ts";
import { HOME_FILES, RELEASE_FILES } from "../host/layout.ts";

/** Files of a release that the reconciler reads; whatever else happens there is none of its business. */
const READ: ReadonlySet<string> = new Set([
  RELEASE_FILES.pod,
  RELEASE_FILES.state,
  RELEASE_FILES.action,
  RELEASE_FILES.status,
  RELEASE_FILES.portMappings,
]);

/** Milliseconds that the status of a steady instance may wait for others: many refresh theirs. */
const LATE = 800;

/** What a changed path means. */
export type PathNews = {
  readonly kind: "instance";
  readonly id: string;
  /** It is the status file, which is written every few seconds while nothing happens. */
  readonly status: boolean;
} | {
  readonly kind: "host" | "tree" | "none";
};

/** Judges an absolute path in the host home `home`. */
export function judgePath(home: string, path: string): PathNews {
  const [top, pod, release, version, file, ...deeper] = relative(home, path).split("/");
  if (top === HOME_FILES.hostsConf && pod === undefined) return { kind: "host" };
  if (top !== HOME_FILES.pods) return { kind: "none" };
  if (file === undefined) {
    return { kind: basename(path).startsWith(".") ? "none" : "tree" };
  }
  if (release !== "release" || deeper.length > 0 || !READ.has(file)) return { kind: "none" };
  return { kind: "instance", id: `${pod}/${version}`, status: file === RELEASE_FILES.status };
}

/** Collects news until the loop takes them, and wakes it. */
export class News {
  /** Instances to look at again. */
  instances = new Set<string>();
  /** Everything is to be looked at again. */
  everything = true;
  /** hosts.conf is to be read again. */
  host = true;
  /** Instances of which only the next turn has to know, or the one after {@link LATE}. */
  #late = new Set<string>();
  #lateTimer: ReturnType<typeof setTimeout> | undefined;
  #wake: (() => void) | undefined;

  /** @param isSteady whether a new status of the instance will hardly say anything new */
  constructor(readonly home: string, readonly isSteady: (id: string) => boolean = () => false) {}

  get any(): boolean {
    return this.everything || this.host || this.instances.size > 0;
  }

  readonly addPaths = (paths: readonly string[]): void => {
    for (const path of paths) {
      const news = judgePath(this.home, path);
      if (news.kind === "instance") {
        if (news.status && this.isSteady(news.id)) this.#addLate(news.id);
        else this.instances.add(news.id);
      }
      if (news.kind === "host") this.host = true;
      else if (news.kind === "tree") this.everything = true;
    }
    if (this.any) this.#wake?.();
  };

  addInstance(id: string): void {
    this.instances.add(id);
    this.#wake?.();
  }

  readonly addEverything = (): void => {
    this.everything = true;
    this.#wake?.();
  };

  /** Hands out the news and begins a new collection. */
  take(): { everything: boolean; host: boolean; instances: ReadonlySet<string> } {
    const { everything, host } = this;
    const instances = new Set([...this.instances, ...this.#late]);
    this.#dropLate();
    this.everything = false;
    this.host = false;
    this.instances = new Set();
    return { everything, host: host || everything, instances };
  }

  /** Nobody takes the news any more. */
  close(): void {
    this.#dropLate();
  }

  #addLate(id: string): void {
    this.#late.add(id);
    this.#lateTimer ??= setTimeout(() => {
      for (const late of this.#late) this.instances.add(late);
      this.#wake?.();
    }, LATE);
  }

  #dropLate(): void {
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
    this.#late = new Set();
  }

  /** Waits for news, for `ms` milliseconds at most, or until `stop` aborts. */
  async wait(ms: number, stop: AbortSignal): Promise<void> {
    if (this.any) return;
    const waiting = new AbortController();
    this.#wake = () => waiting.abort();
    try {
      await sleep(ms, AbortSignal.any([stop, waiting.signal]));
    } finally {
      this.#wake = undefined;
    }
  }
}
