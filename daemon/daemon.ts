/** Serves one host home, from the lock to the graceful end. */
import { resolve } from "node:path/posix";
import { VERSION } from "../proxy/conf/mod.ts";
import { lstat } from "./files.ts";
import { homePaths } from "./host/layout.ts";
import { lockHome } from "./home_lock.ts";
import { type Log, ProblemLog } from "./log.ts";
import { isAlive, startTickOf } from "./process_table.ts";
import {
  DEFAULT_LOOP_OPTIONS,
  Loop,
  type LoopDeps,
  type LoopOptions,
  type LoopView,
} from "./reconcile/loop.ts";
import type { RamdiskMounter } from "./reconcile/ramdisks.ts";
import { sleep } from "./sleep.ts";
import { GOING_DOWN } from "./system/going_down.ts";
import { reportPods, RetryClock } from "./status/report.ts";
import { ReportFile } from "./status/report_file.ts";

export interface ServeOptions {
  readonly log: Log;
  /** The whole environment of the pods, see `podEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Ends the daemon: no new commands, those under way are waited for. With {@link GOING_DOWN} as the reason
   * all pods are stopped before.
   */
  readonly stop: AbortSignal;
  /** Ends the commands under way too. */
  readonly stopNow: AbortSignal;
  readonly loop?: Partial<LoopOptions>;
  /** Milliseconds that a pod's command may take; default 10 minutes. */
  readonly commandTimeoutMs?: number;
  /** Milliseconds for the pods to stop when the machine goes down; default 40 s. */
  readonly goDownMs?: number;
  /** Milliseconds that commands under way are waited for at the end; default 30 s. */
  readonly finishMs?: number;
  readonly now?: LoopDeps["now"];
  /** Mounts ramdisks; without it pods make plain directories. */
  readonly ramdisks?: RamdiskMounter;
  /** Told the number of pods after every turn. */
  readonly onTurn?: (pods: number) => void;
  /** Told the number of pods after the first turn. */
  readonly onReady?: (pods: number) => void;
  /** Told when no new commands are given any more. */
  readonly onEnding?: () => void;
}

/**
 * Serves `home` until `stop` aborts.
 *
 * @throws when it is no host home, or another daemon serves it
 */
export async function serve(home: string, options: ServeOptions): Promise<void> {
  const { log, env, stop, stopNow } = options;
  const directory = resolve(home);
  checkHome(directory);
  using _lock = await lockHome(directory, `pid ${Deno.pid}, since ${new Date().toISOString()}`);
  const end = new AbortController();
  const reports = new Reports(directory, log);
  const loop = new Loop(directory, {
    log,
    env,
    isAlive,
    timeoutMs: options.commandTimeoutMs ?? 600_000,
    signal: AbortSignal.any([stopNow, end.signal]),
    now: options.now ?? (() => ({ mono: performance.now(), wall: Date.now() })),
    ...(options.ramdisks ? { ramdisks: options.ramdisks } : {}),
    onTurn: (view) => {
      reports.put(view);
      options.onTurn?.(view.observed.size);
    },
  }, { ...DEFAULT_LOOP_OPTIONS, ...options.loop });

  await loop.work(AbortSignal.any([stop, stopNow]), (pods) => {
    log("INFO", `simplenetesd ${VERSION} serves ${directory} (pid ${Deno.pid}, ${pods} pods)`);
    options.onReady?.(pods);
  });
  options.onEnding?.();
  const goesDown = stop.reason === GOING_DOWN && !stopNow.aborted;
  if (goesDown) await goDown(loop, options);
  else if (!stopNow.aborted) log("INFO", "Ending: waiting for the pod commands under way");
  const done = new AbortController();
  const finished = loop.finish().finally(() => done.abort());
  const finishMs = goesDown ? 0 : options.finishMs ?? 30_000;
  await sleep(finishMs, AbortSignal.any([done.signal, stopNow]));
  end.abort();
  await finished;
  await reports.file.flush();
  log("INFO", goesDown ? "Ended" : "Ended; the pods keep running");
}

/** Stops all pods, as far as they do it in time. */
async function goDown(loop: Loop, { log, stopNow, goDownMs = 40_000 }: ServeOptions) {
  log("INFO", "The machine goes down: all pods are stopped");
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), goDownMs);
  const up = await loop.goDown(AbortSignal.any([stopNow, late.signal]));
  clearTimeout(timer);
  if (up.length > 0) log("WARN", `These pods have not stopped in time: ${up.join(" ")}`);
}

/** Keeps the report of a home up to date. */
class Reports {
  readonly file: ReportFile;
  readonly #clock = new RetryClock();
  readonly #startTick = startTickOf(Deno.pid) ?? 0;

  constructor(readonly home: string, log: Log) {
    this.file = new ReportFile(home, new ProblemLog(log));
  }

  put(view: LoopView): void {
    const pods = reportPods(view, this.#clock);
    const { home } = this;
    this.file.put({ home, pid: Deno.pid, startTick: this.#startTick, version: VERSION, pods });
  }
}

function checkHome(directory: string): void {
  const { pods, clusterId } = homePaths(directory);
  if (lstat(pods)?.isDirectory || lstat(clusterId)?.isFile) return;
  const what = lstat(directory) ? "is no host home" : "does not exist";
  throw new Error(
    `Cannot serve ${directory}: it ${what}. "sns host init <host>" prepares one; ` +
      "the host's HOSTHOME in host.env tells its path",
  );
}
