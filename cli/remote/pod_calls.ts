/** Calls the pods of releases on their hosts. */
import { DEFAULT_PARALLEL } from "../command.ts";
import type { Deps } from "../deps.ts";
import { describeError } from "../errors.ts";
import { type Release, releaseName } from "../project/release.ts";
import { mapParallel } from "../sync/parallel.ts";
import { shown } from "../ui/progress.ts";
import { REMOTE_PROGRAMS } from "./programs.ts";

export interface PodCallOptions {
  /** Milliseconds for each call. */
  readonly timeoutMs: number;
  /** Calls at a time; the default is that of all commands. */
  readonly parallel?: number | undefined;
}

/** What came of a call on one host. */
export interface PodCallResult {
  readonly release: Release;
  /** Exit code of the pod or of the program around it; 1 when the host gave no answer. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether the host answered at all. */
  readonly answered: boolean;
}

/**
 * Runs a program with `args` for each release on its host, in parallel; results in the order of the
 * releases.
 *
 * @param program called with host home, pod and version before `args`
 */
export async function callPods(
  deps: Deps,
  releases: readonly Release[],
  program: "podCall" | "podAction",
  args: readonly string[],
  { timeoutMs, parallel = DEFAULT_PARALLEL }: PodCallOptions,
): Promise<PodCallResult[]> {
  const call = shown(
    deps.progress,
    releaseName,
    "asking",
    ({ host, pod, version }: Release) =>
      deps.connect(host).run({
        script: REMOTE_PROGRAMS[program],
        args: [host.env.hostHome, pod, version, ...args],
        timeoutMs,
        signal: deps.signal,
      }),
  );
  const results = await mapParallel(releases, parallel, call);
  return results.map((result, index): PodCallResult => {
    const release = releases[index]!;
    if (result.status === "rejected") {
      const stderr = describeError(result.reason).join("\n");
      return { release, code: 1, stdout: "", stderr, answered: false };
    }
    const { code, stdout, stderr } = result.value;
    return { release, code, stdout: new TextDecoder().decode(stdout), stderr, answered: true };
  });
}

/** Logs why calls failed, a line per host. */
export function reportFailures({ log }: Deps, results: readonly PodCallResult[]): void {
  for (const { release, code, stderr } of results) {
    if (code !== 0) {
      log.error(`${release.host.name}: ${stderr.trim() || `the pod ended with ${code}`}`);
    }
  }
}

/** The exit code for several hosts: 0 only when no call failed. */
export function worstCode(results: readonly PodCallResult[]): number {
  return results.some(({ code }) => code !== 0) ? 1 : 0;
}
