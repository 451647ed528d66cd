/** The options of all commands that release, and what they come to. */
import { optional } from "@optique/core/modifiers";
import { choice, integer } from "@optique/core/valueparser";
import { DEFAULT_PARALLEL, flag, jsonFlag, parallelOption, valueOption } from "../command.ts";
import type { Deps } from "../deps.ts";
import type { Cluster } from "../project/cluster.ts";
import { tellJson, tellText } from "./events.ts";
import { RELEASE_MODES, type ReleaseMode } from "./model.ts";
import type { ReleaseContext } from "./context.ts";

export interface ReleaseFlags {
  readonly mode: ReleaseMode | undefined;
  readonly timeout: number | undefined;
  readonly drain: number | undefined;
  readonly settle: number | undefined;
  readonly dryRun: boolean;
  readonly push: boolean;
  readonly force: boolean;
  readonly json: boolean;
  readonly parallel: number | undefined;
}

const seconds = (name: `-${string}`, text: string) =>
  optional(valueOption([name], integer({ metavar: "SECONDS", min: 0, max: 86_400 }), text));

/** The options of all commands that release. */
export const releaseFlags = {
  mode: optional(
    valueOption(["-m", "--mode"], choice(RELEASE_MODES), "How the old version makes room (soft)"),
  ),
  timeout: seconds("--timeout", "All have to be ready within this time (120)"),
  drain: seconds("--drain", "Time for the connections of the old version to end (30)"),
  settle: seconds("--settle", "All have to stay ready for this long before they get traffic (2)"),
  dryRun: flag(["--dry-run"], "Only show the plan"),
  push: flag(
    ["-p", "--push"],
    "git push each commit before its sync, so that another clone can go on",
  ),
  force: flag(["-f", "--force"], "Accept rolling hosts back with the first sync"),
  parallel: parallelOption(),
  json: jsonFlag(),
};

/** The context of a release with these options. */
export function contextOf(
  deps: Deps,
  cluster: Cluster,
  options: ReleaseFlags,
): ReleaseContext {
  return {
    deps,
    cluster,
    tell: options.json ? tellJson(deps) : tellText(deps),
    options: {
      mode: options.mode ?? "soft",
      timeoutMs: (options.timeout ?? 120) * 1000,
      drainMs: (options.drain ?? 30) * 1000,
      settleMs: (options.settle ?? 2) * 1000,
      lenient: false,
      force: options.force,
      push: options.push,
      parallel: options.parallel ?? DEFAULT_PARALLEL,
    },
  };
}
