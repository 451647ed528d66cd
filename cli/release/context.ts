/** What one release is given, and how it ends. */
import type { Deps } from "../deps.ts";
import type { Cluster } from "../project/cluster.ts";
import type { Drained } from "./drain_watch.ts";
import type { Tell } from "./events.ts";
import type { IngressGate } from "./ingress_gate.ts";
import type { ReleaseOptions } from "./model.ts";

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
