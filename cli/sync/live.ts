/** How the releases of a host are doing, against what the project wants of them. */
import type { Host } from "../../daemon/mod.ts";
import { parsePodStatus, type PodStatus } from "../../podc/mod.ts";
import { parsePortMappings, type PortMapping } from "../../proxy/conf/mod.ts";
import { UserError } from "../errors.ts";
import { REMOTE_PROGRAMS } from "../remote/programs.ts";
import { type LocalEnd, parseConnections, portInKernel } from "./local_ends.ts";
import type { Operation } from "./operation.ts";
import { planHost } from "./plan.ts";
import type { DesiredHost, ObservedHost } from "./state.ts";

const TIMEOUT_MS = 60_000;

/** Seconds after which nobody may be writing a status any more. */
const STALE_SECONDS = 30;

/** What the supervisors of a host last saw. */
export interface LiveHost {
  /** The host's clock, unix seconds. */
  readonly now: number;
  /** By `pod/version`. */
  readonly statuses: ReadonlyMap<string, PodStatus>;
  /** What portmappings.conf routes; absent when there is none. */
  readonly routes?: readonly PortMapping[];
  /** Open connections to the ports that were asked for; absent where the host can't tell. */
  readonly connections?: readonly LocalEnd[];
}

/** One release on one host. */
export interface PodLine {
  readonly host: string;
  readonly pod: string;
  readonly version: string;
  /** What the project wants, `-` when it knows nothing of the release. */
  readonly desired: string;
  /** What its supervisor says; `stale` when that says nothing any more, `-` when there is none. */
  readonly live: string;
  readonly ready: boolean;
  readonly restarts: number;
  /** Seconds since it was started. */
  readonly ageSeconds?: number;
  /** How the host differs from the project: `not synced`, `files`, `config`, `state`. */
  readonly drift: readonly string[];
}

/**
 * Asks a host how its pods are doing.
 *
 * @param ports TCP ports to tell the connections of
 */
export async function liveHost(
  host: Host,
  home: string,
  signal: AbortSignal,
  ports: readonly number[] = [],
  timeoutMs = TIMEOUT_MS,
): Promise<LiveHost> {
  const { code, stdout, stderr } = await host.run({
    script: REMOTE_PROGRAMS.liveState,
    args: [home, ...ports.map(portInKernel)],
    timeoutMs,
    signal,
  });
  if (code !== 0) throw new UserError(`Cannot read the pods of "${host.name}": ${stderr.trim()}`);
  return parseLive(stdout);
}

/** Reads the records that live_state.sh prints. */
export function parseLive(bytes: Uint8Array): LiveHost {
  const fields = new TextDecoder().decode(bytes).split("\0");
  const statuses = new Map<string, PodStatus>();
  let now = 0;
  let rest: Pick<LiveHost, "routes" | "connections"> = {};
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [kind, name, value] = fields.slice(at, at + 3) as [string, string, string];
    if (kind === "now") now = Number(value);
    else if (kind === "status") statuses.set(name, parsePodStatus(value));
    else if (kind === "routes") rest = { ...rest, routes: parsePortMappings(value).entries };
    else if (kind === "sockets") rest = { ...rest, connections: parseConnections(value) };
  }
  return { now, statuses, ...rest };
}

/** A line for each release that the project or the host has, but those that are removed on both. */
export function podLines(
  desired: DesiredHost,
  observed: ObservedHost,
  live: LiveHost,
): PodLine[] {
  const operations = planHost(desired, observed);
  const wanted = new Map(desired.releases.map((each) => [`${each.pod}/${each.version}`, each]));
  const present = new Map(observed.releases.map((each) => [`${each.pod}/${each.version}`, each]));
  const lines: PodLine[] = [];
  for (const key of [...new Set([...wanted.keys(), ...present.keys()])].sort()) {
    const { pod, version } = (wanted.get(key) ?? present.get(key))!;
    const status = live.statuses.get(key);
    const state = wanted.get(key)?.state ?? "-";
    const here = state === "removed" || state === "-";
    const there = present.get(key)?.state ?? "removed";
    const running = status !== undefined && status.status !== "removed";
    if (here && there === "removed" && !running) continue;
    lines.push({
      ...{ host: desired.name, pod, version, desired: state },
      ...liveness(status, live.now),
      drift: driftOf(operations, pod, version),
    });
  }
  return lines;
}

/** What a status says at the time `now` of its host (unix seconds). */
export function liveness(
  status: PodStatus | undefined,
  now: number,
): Pick<PodLine, "live" | "ready" | "restarts" | "ageSeconds"> {
  if (status === undefined) return { live: "-", ready: false, restarts: 0 };
  const restarts = status.containers
    .reduce((sum, { startCount }) => sum + Math.max(0, startCount - 1), 0);
  const alive = !["exited", "removed", "created"].includes(status.status);
  const stale = alive && now - (status.updated ?? 0) > STALE_SECONDS;
  const started = status.started ?? status.created;
  return {
    live: stale ? "stale" : status.status,
    ready: status.readiness && alive && !stale,
    restarts,
    ...(alive && started !== undefined ? { ageSeconds: Math.max(0, now - started) } : {}),
  };
}

const DRIFT: Readonly<Partial<Record<Operation["kind"], string>>> = {
  release: "not synced",
  config: "config",
  unconfig: "config",
  file: "files",
  unfile: "files",
  state: "state",
};

function driftOf(operations: readonly Operation[], pod: string, version: string): string[] {
  const own = operations.filter((each) =>
    "pod" in each && each.pod === pod && each.version === version
  );
  const words = own.map(({ kind }) => DRIFT[kind] ?? kind);
  return words.includes("not synced") ? ["not synced"] : [...new Set(words)];
}
