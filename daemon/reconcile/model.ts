/** What the reconciler knows, remembers and wants: the vocabulary of `decide`. */
import type { PodState } from "../../podc/mod.ts";

/** A moment on two clocks. */
export interface Instant {
  /** Milliseconds on a clock that never jumps; all waiting is measured on it. */
  readonly mono: number;
  /** Unix milliseconds; only compared with what others wrote down. */
  readonly wall: number;
}

/** What the files of one instance say now. */
export interface Facts {
  readonly id: string;
  /** Name of the pod, which other versions of it share. */
  readonly pod: string;
  /** Other versions of the pod go on until this one is ready, see `updateOrder` in pod.yaml. */
  readonly startsFirst?: true;
  /** Absent when pod.state cannot be read or understood: the last known state goes on. */
  readonly desired?: PodState;
  /** What pod.action asks for, when there is one. */
  readonly action?: ActionRequest;
  readonly status?: StatusFacts;
  /** Whether it has a mapping for portmappings.conf. */
  readonly serves: boolean;
}

/** Restart these containers (none: the whole pod); `undefined` containers: it cannot be understood. */
export interface ActionRequest {
  readonly containers: readonly string[] | undefined;
}

export interface StatusFacts {
  /** created, starting, running, exited, removed */
  readonly word: string;
  readonly ready: boolean;
  /** Differs with each refresh of the file. */
  readonly beat: string;
  /**
   * When it was refreshed, Unix milliseconds by its writer's clock; absent when it says nothing about
   * that: then it is believed as it stands.
   */
  readonly updatedMs?: number;
  /** Whether the process it names exists; absent when it names none. */
  readonly pidAlive?: boolean;
}

/** Everything `decide` looks at. */
export interface World {
  readonly instances: readonly Facts[];
  /** Address that pods bind to, from hosts.conf. */
  readonly hostInterface?: string;
  /** Commands that ended since the last turn. */
  readonly outcomes: readonly Outcome[];
  /** The machine goes down: all pods are to stop. */
  readonly goesDown?: boolean;
}

export type CommandKind = "run" | "rerun" | "stop" | "rm";

/** One call of a pod. */
export interface Command {
  readonly id: string;
  readonly kind: CommandKind;
  /** For `rerun`: these containers; none or absent: the whole pod. */
  readonly containers?: readonly string[];
  /** For `run`, and `rerun` of a whole pod. */
  readonly hostInterface?: string;
  /** The request in pod.action is carried out: it is taken away and read at the start. */
  readonly takeAction?: true;
  /** For the log. */
  readonly why: string;
}

/** A pod.action to be deleted unheeded. */
export interface Discard {
  readonly id: string;
  readonly why: string;
}

export interface Outcome {
  readonly id: string;
  readonly ok: boolean;
}

export interface Decision {
  readonly memory: Memory;
  /** To be started at once, after portmappings.conf is brought up to date. */
  readonly commands: readonly Command[];
  readonly discards: readonly Discard[];
  /** Instances whose mappings belong into portmappings.conf. */
  readonly routed: ReadonlySet<string>;
  /** Instances that go on although they are to end, and the ones whose readiness that waits for. */
  readonly held: ReadonlyMap<string, string>;
  /** The latest moment (mono) at which to decide again though nothing happened. */
  readonly wakeAt?: number;
}

/** What is remembered from turn to turn, by instance id. */
export type Memory = ReadonlyMap<string, InstanceMemory>;

export interface InstanceMemory {
  /** The last state asked for that was understood. */
  readonly desired?: PodState;
  /** The state that a command last brought about; absent while one is under way and after a failure. */
  readonly applied?: PodState;
  /** The interface that the pod was last run with. */
  readonly hostInterface?: string;
  /** The command that is under way. */
  readonly busy?: Busy;
  /** When a command was last started (mono). */
  readonly startedAt?: number;
  /** Attempts in a row that failed or did not last. */
  readonly failures: number;
  /** Not before then (mono) is the next attempt due. */
  readonly retryAt: number;
  /** Whether it got traffic after the last turn; absent at the first sight. */
  readonly routed?: boolean;
  /** When (mono) its traffic was last taken away. */
  readonly unroutedAt?: number;
  /** Since when (mono) it goes on although it is to end, as another version starts first. */
  readonly heldSince?: number;
  readonly heartbeat?: Heartbeat;
  /** A status with this beat was written before the last command ended, it is no news until then. */
  readonly settling?: { readonly beat: string | undefined; readonly until: number };
  /** Since when (mono) the supervisor is well, or in trouble. */
  readonly aliveSince?: number;
  readonly troubleSince?: number;
  /** Since when (mono) the supervisor's process is gone. */
  readonly deadSince?: number;
}

export interface Busy {
  readonly command: Command;
  /** Run again for a supervisor that was lost, not because of a new state. */
  readonly respawn: boolean;
}

/** Measures a status file's age without trusting that two clocks agree. */
export interface Heartbeat {
  readonly beat: string;
  /** Its age in milliseconds when it was first seen … */
  readonly age: number;
  /** … at this moment (mono). */
  readonly seenAt: number;
}
