/** What a release knows and does next: the vocabulary of {@link planRelease}. Nothing here does I/O. */
import type { PodState } from "../../podc/mod.ts";

/** How the old version makes room: see docs/release.md. */
export const RELEASE_MODES = ["soft", "hard", "safe"] as const;
export type ReleaseMode = (typeof RELEASE_MODES)[number];

/** The steps that change the project, in the order of a soft release. */
export type Phase = "deliver" | "open" | "switch" | "close" | "stop" | "retire" | "replace";

/** One release on one host: what the project says, and what the host shows. */
export interface Replica {
  readonly host: string;
  readonly pod: string;
  readonly version: string;
  /** Whether it is to run in the end; all others of the pod are to go. */
  readonly wanted: boolean;
  /** Whether the project has it. */
  readonly present: boolean;
  /** What the project says; `removed` when it is not present. */
  readonly state: PodState;
  /** In the project it runs without traffic. */
  readonly parked: boolean;
  /** What the host shows; absent when the host gave no answer. */
  readonly live?: LiveReplica;
}

/** One release as its host shows it. */
export interface LiveReplica {
  readonly ready: boolean;
  /** Starts of all its containers; one more means that something ended. */
  readonly starts: number;
  /** It has ended, or never ran. */
  readonly down: boolean;
  /** Whether the proxy of its host sends it new connections: all its ports, some or none. */
  readonly routed: "all" | "some" | "none";
  /** Open connections to its host ports; absent when the host can't tell. */
  readonly connections?: number;
}

/** The load balancers in front of the cluster. */
export interface IngressView {
  /** The generated configuration, or a pod's ingress flag, is not as the release wants it. */
  readonly due: boolean;
  /** All of them run what the project has now. */
  readonly current: boolean;
}

/** Everything that one decision looks at. */
export interface ReleaseView {
  /** All wanted replicas, and those of the same pods that are not wanted and run or are to run. */
  readonly replicas: readonly Replica[];
  /** Whether the hosts have what the project says now. */
  readonly synced: boolean;
  /** Absent in a cluster without an ingress pod. */
  readonly ingress?: IngressView;
}

/** What one process remembers from step to step; all of it can be lost. */
export interface ReleaseMemory {
  /** What is waited for, and since when (ms). */
  readonly waits: ReadonlyMap<string, number>;
  /** Since when (ms) all wanted replicas are ready without a restart, and their starts then. */
  readonly steady?: { readonly since: number; readonly starts: string };
  /** Their starts when they were found well; they have to stay so. */
  readonly ripe?: string;
  /** Since when (ms) each host gives no answer. */
  readonly lost: ReadonlyMap<string, number>;
}

export const NOTHING_KNOWN: ReleaseMemory = { waits: new Map(), lost: new Map() };

/** What is to be written for one replica. */
export interface Change {
  readonly host: string;
  readonly pod: string;
  readonly version: string;
  readonly state?: PodState;
  readonly parked?: boolean;
  /** It is not in the project yet. */
  readonly provide?: true;
}

export type Step =
  /** Change the project, and commit. */
  | { readonly kind: "write"; readonly phase: Phase; readonly changes: readonly Change[] }
  /** Bring the project to the hosts. */
  | { readonly kind: "sync" }
  /** Look again a little later. */
  | { readonly kind: "wait"; readonly for: Waiting; readonly missing: readonly string[] }
  /** It can't go on like this. */
  | { readonly kind: "fail"; readonly why: string; readonly missing: readonly string[] }
  | { readonly kind: "done" };

/** What is waited for, in the order of a soft release. */
export type Waiting = "ready" | "routed" | "ingress" | "drained" | "down";

export interface ReleaseOptions {
  readonly mode: ReleaseMode;
  /** Milliseconds until all wanted replicas have to be ready. */
  readonly timeoutMs: number;
  /** Milliseconds that the connections of the old version get to end by themselves. */
  readonly drainMs: number;
  /** Milliseconds that all have to stay ready before they get traffic. */
  readonly settleMs: number;
  /**
   * The way back after a failure: goes on without replicas that don't answer or never become ready, as
   * long as at least one of each pod serves.
   */
  readonly lenient: boolean;
}
