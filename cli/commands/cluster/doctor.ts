import { object } from "@optique/core/constructs";
import { DEFAULT_PARALLEL, defineCommand, flag, jsonFlag, parallelOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { examine } from "../../doctor/doctor.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { usableHosts } from "../../project/host.ts";

export interface ClusterDoctorOptions {
  readonly all: boolean;
  readonly json: boolean;
  readonly parallel: number | undefined;
}

export const definition = defineCommand<ClusterDoctorOptions>({
  description: "Does what sns host doctor does, on every active and inactive host.\n" +
    "Exit code 1: there is an error.",
  example: "sns cluster doctor\nsns cluster doctor --json",
  parser: object({
    all: flag(["-a", "--all"], "Also say what is well"),
    parallel: parallelOption(),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: ClusterDoctorOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const hosts = await usableHosts(cluster);
  if (hosts.length === 0) throw new UserError("There is no active or inactive host");
  const parallel = options.parallel ?? DEFAULT_PARALLEL;
  return await examine(deps, cluster, hosts, hosts, { ...options, parallel });
}
