/** Which engine, and how many threads, proxy.conf wants on this machine. */
import type { ProxyConf } from "../conf/mod.ts";
import { LinuxEngine } from "../linux/linux_engine.ts";
import type { Log } from "../log.ts";

/** More threads than this are only made when WORKERS asks for them. */
const AUTO_WORKERS = 4;

export interface WantedEngine {
  readonly engine: "deno" | "linux";
  readonly workers: number;
  /** Why the Linux engine can't run here, where it was not ruled out. */
  readonly hindrance?: string | undefined;
}

/** What `conf` comes to here. `linux` also when that is demanded and can't run. */
export function wantedEngine(
  { engine, workers }: Pick<ProxyConf, "engine" | "workers">,
): WantedEngine {
  const hindrance = engine === "deno" ? undefined : LinuxEngine.supported();
  if (engine === "deno" || (engine === "auto" && hindrance !== undefined)) {
    return { engine: "deno", workers: 1, hindrance };
  }
  const threads = workers === "auto"
    ? Math.min(navigator.hardwareConcurrency, AUTO_WORKERS)
    : workers;
  return { engine: "linux", workers: threads, hindrance };
}

/**
 * What of ENGINE and WORKERS waits for a restart, as lines of proxy.conf; none when the settings come
 * to what was started.
 */
export function waitsForRestart(started: WantedEngine, conf: ProxyConf): string[] {
  const wanted = wantedEngine(conf);
  if (wanted.engine !== started.engine) return [`ENGINE ${conf.engine}`];
  return wanted.workers === started.workers ? [] : [`WORKERS ${conf.workers}`];
}

/** Says once when a change of proxy.conf is in force after a restart only. */
export class RestartNotice {
  readonly #started: WantedEngine;
  #waits: readonly string[] = [];

  /** @param started The settings that were in force at the start. */
  constructor(started: ProxyConf, private readonly log: Log) {
    this.#started = wantedEngine(started);
  }

  /** See {@link waitsForRestart}. */
  get waits(): readonly string[] {
    return this.#waits;
  }

  /** Takes note of the settings that are in force now. */
  judge(conf: ProxyConf): void {
    const waits = waitsForRestart(this.#started, conf);
    if (waits.length > 0 && waits.join() !== this.#waits.join()) {
      const { engine, workers } = this.#started;
      this.log.warn("ENGINE and WORKERS are read at start only: restart the proxy", {
        wanted: waits.join(", "),
        runs: `${engine}, ${workers} ${workers === 1 ? "worker" : "workers"}`,
      });
    }
    this.#waits = waits;
  }
}
