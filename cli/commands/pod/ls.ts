import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { POD_STATES } from "../../../podc/mod.ts";
import { defineCommand, jsonFlag, plain, quietFlag, valueOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { findCluster } from "../../project/cluster.ts";
import { getHost, usableHosts } from "../../project/host.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { hostReleases, latestVersion, type Release, releaseName } from "../../project/release.ts";
import { formatJson } from "../../ui/table.ts";

export interface LsOptions {
  readonly ref: string | undefined;
  readonly state: (typeof POD_STATES)[number] | "all" | undefined;
  readonly quiet: boolean;
  readonly json: boolean;
}

export const definition = defineCommand<LsOptions>({
  description: "Prints the releases in the project as `pod:version@host state`, a line each.",
  example: "sns pod ls\nsns pod ls web:latest -s running",
  parser: object({
    ref: optional(
      argument(string({ metavar: "POD[:VERSION][@HOST]" }), {
        description: plain("Only these; also @HOST alone"),
      }),
    ),
    state: optional(
      valueOption(["-s", "--state"], choice([...POD_STATES, "all"]), "Only in this state"),
    ),
    quiet: quietFlag("Leave the state out"),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, { ref, state, quiet, json }: LsOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const { pod, version, host } = parseFilter(ref);
  const hosts = host === undefined ? await usableHosts(cluster) : [await getHost(cluster, host)];
  const all: Release[] = [];
  for (const each of hosts) all.push(...await hostReleases(each));
  const shown = all.filter((release) =>
    (pod === undefined || release.pod === pod) &&
    (state === undefined || state === "all" || release.state === state) &&
    isWanted(release, version, all)
  ).sort((a, b) => a.pod < b.pod ? -1 : a.pod > b.pod ? 1 : 0);
  if (json) {
    deps.stdout(formatJson(shown.map((release) => ({
      pod: release.pod,
      version: release.version,
      host: release.host.name,
      state: release.state,
    }))));
    return 0;
  }
  for (const release of shown) {
    deps.stdout(quiet ? `${releaseName(release)}\n` : `${releaseName(release)} ${release.state}\n`);
  }
  return 0;
}

interface Filter {
  readonly pod?: string;
  readonly version?: string;
  readonly host?: string;
}

/** Like a pod reference, but the pod may be left out. */
function parseFilter(text: string | undefined): Filter {
  if (text === undefined) return {};
  return text.startsWith("@") ? { host: text.slice(1) } : parsePodRef(text);
}

function isWanted(release: Release, version: string | undefined, all: readonly Release[]): boolean {
  if (version === undefined) return true;
  if (version !== "latest") return release.version === version;
  return release.version === latestVersion(all.filter(({ pod }) => pod === release.pod));
}
