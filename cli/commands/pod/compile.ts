import { object } from "@optique/core/constructs";
import { compileRelease } from "../../compile/compile.ts";
import { defineCommand, flag, jsonFlag, podArgument } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { formatJson } from "../../ui/table.ts";

export interface CompileOptions {
  readonly ref: string;
  readonly printVersion: boolean;
  readonly json: boolean;
}

export const definition = defineCommand<CompileOptions>({
  description:
    "Makes a release of the pod's current version for each host that has it attached, or" +
    " for one. Hosts that have the version already are skipped. The release starts at the next sync.",
  example: "sns pod compile web\nsns pod compile web@h1",
  parser: object({
    ref: podArgument("POD[@HOST]", "The pod, and the host if only one is meant"),
    printVersion: flag(["-v"], "Print the version on stdout when something was compiled"),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: CompileOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const ref = parsePodRef(options.ref);
  if (ref.version !== undefined) {
    throw new UserError(`Cannot compile "${options.ref}": the version comes from pod.yaml`, {
      hint: `sns pod compile ${ref.pod}`,
    });
  }
  const { version, compiled } = await compileRelease(cluster, ref, deps.log, stampOf(deps));
  if (options.json) deps.stdout(formatJson({ pod: ref.pod, version, compiled }));
  if (compiled.length === 0) {
    deps.log.info(`Nothing to do: ${ref.pod}:${version} is compiled for all its hosts`);
    return 0;
  }
  deps.log.ok(`Compiled ${ref.pod}:${version} for ${compiled.join(", ")}`);
  if (options.printVersion && !options.json) deps.stdout(`${version}\n`);
  return 0;
}
