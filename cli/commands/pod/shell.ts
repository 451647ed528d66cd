import { object } from "@optique/core/constructs";
import { multiple, optional } from "@optique/core/modifiers";
import { defineCommand, flag, releaseArgument, textArgument, textOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { releaseName } from "../../project/release.ts";
import { targetReleases } from "../../project/targets.ts";
import { REMOTE_PROGRAMS } from "../../remote/programs.ts";

export interface ShellOptions {
  readonly ref: string;
  readonly container: string | undefined;
  readonly bash: boolean;
  readonly command: readonly string[];
}

export const definition = defineCommand<ShellOptions>({
  description:
    "Opens a shell in a container of a pod, or runs a command there with its arguments as" +
    " they are; on one host after the other when the pod is on several.\nExit code: the first that is" +
    " not 0.",
  example: "sns pod shell web@h1\nsns pod shell web@h1 -c nginx -- nginx -T",
  parser: object({
    ref: releaseArgument(),
    container: optional(
      textOption(["-c", "--container"], "CONTAINER", "In this container (default: the last one)"),
    ),
    bash: flag(["-b", "--bash"], "bash instead of sh"),
    command: multiple(textArgument("COMMAND", "Behind --: what to run instead of a shell")),
  }),
  run,
});

async function run(deps: Deps, options: ShellOptions): Promise<number> {
  const { ref, container, bash, command } = options;
  const cluster = await findCluster(deps.cwd, deps.env);
  const releases = await targetReleases(cluster, parsePodRef(ref));
  const { runInteractive } = await import("../../transport/interactive.ts");
  let first = 0;
  for (const release of releases) {
    if (deps.signal.aborted) break;
    if (releases.length > 1) deps.log.info(releaseName(release));
    const code = await runInteractive(deps, release.host, {
      script: REMOTE_PROGRAMS.podShell,
      args: [
        ...[release.host.env.hostHome, release.pod, release.version, "shell"],
        ...(bash ? ["-b"] : []),
        ...(container === undefined ? [] : ["-c", container]),
        ...["--", ...command],
      ],
    });
    first ||= code;
  }
  return first;
}
