import { object } from "@optique/core/constructs";
import { DEFAULT_PARALLEL, defineCommand, flag, hostArgument, jsonFlag } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { examine } from "../../doctor/doctor.ts";
import { findCluster } from "../../project/cluster.ts";
import { getHost, usableHosts } from "../../project/host.ts";

export interface HostDoctorOptions {
  readonly host: string;
  readonly all: boolean;
  readonly json: boolean;
}

export const definition = defineCommand<HostDoctorOptions>({
  description:
    "Looks for what does not work on a host, or soon won't: disk, inodes, clock, podman and" +
    " its rootless setup, linger, ports, daemon and proxy, the way to the other hosts, certificates. Says" +
    " with each finding what mends it, and changes nothing.\nExit code 1: there is an error.",
  example: "sns host doctor web1\nsns host doctor web1 --all",
  parser: object({
    host: hostArgument(),
    all: flag(["-a", "--all"], "Also say what is well"),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, { host, all, json }: HostDoctorOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const hosts = [await getHost(cluster, host)];
  const options = { all, json, parallel: DEFAULT_PARALLEL };
  return await examine(deps, cluster, hosts, await usableHosts(cluster), options);
}
