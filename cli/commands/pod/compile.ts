import { object } from "@optique/core/constructs";
import { compileRelease } from "../../compile/compile.ts";
import { defineCommand, flag, textArgument } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { parsePodRef } from "../../project/pod_ref.ts";

export interface CompileOptions {
  readonly ref: string;
  readonly printVersion: boolean;
}

export const definition = defineCommand<CompileOptions>({
  description:
    "Makes a release of the pod's current version for each host that has it attached, or" +
    " for one. Hosts that have the version already are skipped. The release starts at the next sync.",
  example: "sns pod compile web\nsns pod compile web@h1",
  parser: object({
    ref: textArgument("POD[@HOST]", "The pod, and the host if only one is meant"),
    printVersion: flag(["-v"], "Print the version on stdout when something was compiled"),
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
  if (compiled.length === 0) {
    deps.log.info(`Nothing to do: ${ref.pod}:${version} is compiled for all its hosts`);
    return 0;
  }
  deps.log.ok(`Compiled ${ref.pod}:${version} for ${compiled.join(", ")}`);
  if (options.printVersion) deps.stdout(`${version}\n`);
  return 0;
}
