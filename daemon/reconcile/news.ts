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

/** What a changed path means. */
export type PathNews = { readonly kind: "instance"; readonly id: string } | {
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
  return { kind: "instance", id: `${pod}/${version}` };
}

/** Collects news until the loop takes them, and wakes it. */
export class News {
  /** Instances to look at again. */
  instances = new Set<string>();
  /** Everything is to be looked at again. */
  everything = true;
  /** hosts.conf is to be read again. */
  host = true;
  #wake: (() => void) | undefined;

  constructor(readonly home: string) {}

  get any(): boolean {
    return this.everything || this.host || this.instances.size > 0;
  }

  readonly addPaths = (paths: readonly string[]): void => {
    for (const path of paths) {
      const news = judgePath(this.home, path);
      if (news.kind === "instance") this.instances.add(news.id);
      else if (news.kind === "host") this.host = true;
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
    const { everything, host, instances } = this;
    this.everything = false;
    this.host = false;
    this.instances = new Set();
    return { everything, host: host || everything, instances };
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
