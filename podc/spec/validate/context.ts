/** What all sections need to know while they are checked. */
import type { Reporter } from "../reporter.ts";

export interface Context {
  readonly reporter: Reporter;
  readonly podName: string;
  /** Absolute directory that relative paths of pod.yaml begin at. */
  readonly baseDir: string;
  /** The config directories that exist. */
  readonly configs: ReadonlySet<string>;
}
