/** The status as text for people. Pure. */
import { plainText } from "../log.ts";
import type { HomeState } from "../system/home_keeper.ts";
import type { PodReport } from "./report.ts";

/** One home and its pods. */
export interface HomeStatus extends Omit<HomeState, "pods"> {
  readonly home: string;
  /** Its owner, in the system mode. */
  readonly user?: string;
  readonly pods: readonly PodReport[];
}

const HEAD = ["POD", "DESIRED", "LIVE", "LAST ACTION", "NEXT RETRY", "LAST ERROR"];
/** Characters of an error that a table shows. */
const ERROR_LENGTH = 120;

/** @param now Unix milliseconds */
export function formatStatus(homes: readonly HomeStatus[], now: number): string {
  if (homes.length === 0) return 'There is no host home. "sns host init <host>" makes one.\n';
  return homes.map((home) => formatHome(home, now)).join("\n");
}

function formatHome({ home, user, phase, pid, pods, ...state }: HomeStatus, now: number): string {
  const who = [user && `as ${user}`, pid && `pid ${pid}`].filter((part) => part).join(", ");
  const retry = state.nextRetryMs === undefined
    ? ""
    : `, next process ${inSeconds(state.nextRetryMs - now)}`;
  const head = `${plainText(home)}: ${phase}${who && ` (${who})`}${retry}\n`;
  const error = state.lastError === undefined || phase === "serving" && pods.length > 0
    ? ""
    : `  last error: ${plainText(state.lastError)}\n`;
  if (pods.length === 0) return `${head}${error}${phase === "serving" ? "  no pods\n" : ""}`;
  return `${head}${error}${table([HEAD, ...pods.map((pod) => row(pod, now))])}`;
}

function row(pod: PodReport, now: number): readonly string[] {
  const { lastAction: action, lastError: error } = pod;
  const live = pod.live ?? "-";
  return [
    `${pod.pod}:${pod.version}`,
    pod.desired ?? "?",
    pod.ready && live === "running" ? "ready" : live,
    action ? `${action.kind} ${outcome(action)}` : "-",
    next(pod, now),
    error ? `${error.text.slice(0, ERROR_LENGTH)} (${ago(now - error.atMs)})` : "-",
  ].map(plainText);

  function outcome({ beganMs, endedMs, ok }: NonNullable<PodReport["lastAction"]>): string {
    if (endedMs === undefined) return `for ${span(now - beganMs)}`;
    return `${ok ? "done" : "failed"} ${ago(now - endedMs)}`;
  }
}

function next({ nextRetryMs, waitsFor }: PodReport, now: number): string {
  if (waitsFor !== undefined) return `when ${waitsFor.replace("/", ":")} is ready`;
  return nextRetryMs === undefined ? "-" : inSeconds(nextRetryMs - now);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()}\n`
  ).join("");
}

const ago = (ms: number) => `${span(ms)} ago`;
const inSeconds = (ms: number) => ms <= 0 ? "now" : `in ${span(ms)}`;

/** 0 s to 99 s, 2 min to 99 min, 2 h … */
function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  if (seconds < 360_000) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
