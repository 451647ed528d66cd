/** What `simplenetesd status` knows of one host home: the daemon writes it, others read it. Pure. */
import type { LoopView } from "../reconcile/loop.ts";
import type { PodRecord } from "../reconcile/records.ts";

export interface PodReport {
  readonly pod: string;
  readonly version: string;
  /** What pod.state asks for; absent when it cannot be understood. */
  readonly desired?: string;
  /** The word in its status file; absent without one. */
  readonly live?: string;
  readonly ready: boolean;
  /** Whether it is in portmappings.conf. */
  readonly traffic: boolean;
  /** Attempts in a row that failed or did not last. */
  readonly failures: number;
  readonly lastAction?: PodRecord["action"];
  readonly lastError?: { readonly text: string; readonly atMs: number };
  /** Id of the version that is to be ready before this one ends. */
  readonly waitsFor?: string;
  /** When the next attempt is due, Unix milliseconds. */
  readonly nextRetryMs?: number;
}

export interface HomeReport {
  readonly home: string;
  /** Of the process that serves it. */
  readonly pid: number;
  /** When that process started, in ticks since the boot: tells it from another one with its pid. */
  readonly startTick: number;
  readonly version: string;
  readonly pods: readonly PodReport[];
}

/** A retry that is due at `retryAt` (mono) keeps its time of day, however often that is asked for. */
export class RetryClock {
  readonly #known = new Map<string, { readonly retryAt: number; readonly wall: number }>();

  wallOf(id: string, retryAt: number, now: LoopView["now"]): number {
    const known = this.#known.get(id);
    if (known?.retryAt === retryAt) return known.wall;
    const wall = Math.round(now.wall + retryAt - now.mono);
    this.#known.set(id, { retryAt, wall });
    return wall;
  }
}

/** The pods of a home as they stand, sorted by name and version. */
export function reportPods(view: LoopView, clock: RetryClock): readonly PodReport[] {
  return [...view.observed].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, seen]) => {
    const memory = view.memory.get(id);
    const record = view.records.get(id);
    const waits = memory && !memory.busy && memory.failures > 0 && memory.retryAt > view.now.mono;
    const { desired, status } = seen.facts;
    const waitsFor = view.held.get(id);
    return {
      pod: seen.instance.pod,
      version: seen.instance.version,
      ...(desired === undefined ? {} : { desired }),
      ...(status === undefined ? {} : { live: liveWord(status) }),
      ready: status?.ready === true && status.pidAlive !== false,
      traffic: memory?.routed === true && seen.facts.serves,
      failures: memory?.failures ?? 0,
      ...(record ? { lastAction: record.action } : {}),
      ...(record?.error ? { lastError: record.error } : {}),
      ...(waitsFor === undefined ? {} : { waitsFor }),
      ...(waits ? { nextRetryMs: clock.wallOf(id, memory.retryAt, view.now) } : {}),
    };
  });
}

/** What a status file says is history once its writer is gone. */
function liveWord({ word, pidAlive }: { word: string; pidAlive?: boolean }): string {
  return pidAlive === false && word !== "exited" && word !== "removed" ? "unsupervised" : word;
}

/** Reads what another process wrote; `undefined` when it is no report. */
export function parseReport(text: string): HomeReport | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || !Array.isArray(value.pods)) return undefined;
  const { home, pid, startTick, version } = value;
  if (typeof home !== "string" || !isNumber(pid) || !isNumber(startTick)) return undefined;
  if (typeof version !== "string") return undefined;
  const pods = value.pods.map(toPod);
  return pods.every((pod) => pod !== undefined)
    ? { home, pid, startTick, version, pods }
    : undefined;
}

function toPod(value: unknown): PodReport | undefined {
  if (!isRecord(value)) return undefined;
  const { pod, version, desired, live, failures, lastAction, lastError, waitsFor, nextRetryMs } =
    value;
  if (typeof pod !== "string" || typeof version !== "string") return undefined;
  const error = isRecord(lastError) && typeof lastError.text === "string" &&
      isNumber(lastError.atMs)
    ? { lastError: { text: lastError.text, atMs: lastError.atMs } }
    : {};
  const action = isRecord(lastAction) ? toAction(lastAction) : undefined;
  return {
    pod,
    version,
    ...(typeof desired === "string" ? { desired } : {}),
    ...(typeof live === "string" ? { live } : {}),
    ready: value.ready === true,
    traffic: value.traffic === true,
    failures: isNumber(failures) ? failures : 0,
    ...(action ? { lastAction: action } : {}),
    ...error,
    ...(typeof waitsFor === "string" ? { waitsFor } : {}),
    ...(isNumber(nextRetryMs) ? { nextRetryMs } : {}),
  };
}

const KINDS = ["run", "rerun", "stop", "rm"] as const;

function toAction(value: Record<string, unknown>): PodRecord["action"] | undefined {
  const { why, beganMs, endedMs, ok } = value;
  const kind = KINDS.find((known) => known === value.kind);
  if (!kind || typeof why !== "string" || !isNumber(beganMs)) return undefined;
  return {
    kind,
    why,
    beganMs,
    ...(isNumber(endedMs) ? { endedMs } : {}),
    ...(typeof ok === "boolean" ? { ok } : {}),
  };
}

/** `undefined` for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
