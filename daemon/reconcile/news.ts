/** What happened since the last turn, and the waiting for it. */
import { basename, relative } from "node:path/posix";
import { HOME_FILES, RELEASE_FILES } from "../host/layout.ts";

/** Files of a release that the reconciler reads; whatever else happens there is none of its business. */
const READ: ReadonlySet<string> = new Set([
  RELEASE_FILES.pod,
  RELEASE_FILES.state,
  RELEASE_FILES.action,
  RELEASE_FILES.status,
  RELEASE_FILES.portMappings,
]);

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
  /** Steady instances whose status was written: hardly ever more than a refresh, it wakes nobody. */
  statuses = new Set<string>();
  /** Everything is to be looked at again. */
  everything = true;
  /** hosts.conf is to be read again. */
  host = true;
  #wake: (() => void) | undefined;

  /** @param isSteady whether a new status of the instance will hardly say anything new */
  constructor(readonly home: string, readonly isSteady: (id: string) => boolean = () => false) {}

  /** Whether there are news beside {@link statuses}. */
  get any(): boolean {
    return this.everything || this.host || this.instances.size > 0;
  }

  /** Takes changed paths; says whether any of them is news beside {@link statuses}. */
  readonly addPaths = (paths: readonly string[]): boolean => {
    let matter = false;
    for (const path of paths) {
      const news = judgePath(this.home, path);
      if (news.kind === "instance") {
        const late = news.status && this.isSteady(news.id);
        (late ? this.statuses : this.instances).add(news.id);
        matter ||= !late;
      } else if (news.kind === "host") this.host = matter = true;
      else if (news.kind === "tree") this.everything = matter = true;
    }
    if (this.any) this.#wake?.();
    return matter;
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
    const instances = new Set([...this.instances, ...this.statuses]);
    this.everything = false;
    this.host = false;
    this.instances = new Set();
    this.statuses = new Set();
    return { everything, host: host || everything, instances };
  }

  /** Hands out the {@link statuses} alone. */
  takeStatuses(): ReadonlySet<string> {
    const { statuses } = this;
    this.statuses = new Set();
    return statuses;
  }

  /** Waits for news, for `ms` milliseconds at most, or until `stop` aborts. */
  async wait(ms: number, stop: AbortSignal): Promise<void> {
    if (this.any || stop.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        stop.removeEventListener("abort", done);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, ms));
      stop.addEventListener("abort", done);
      this.#wake = done;
    });
  }
}
