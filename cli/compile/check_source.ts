/** What a compile checks and records about the sources it reads. */
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { podDir } from "../project/attachment.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { configNames } from "../project/configs.ts";
import { readTextIfPresent, writeFileAtomic } from "../project/files.ts";
import { commitLabel } from "../project/git.ts";
import type { HostDir } from "../project/host.ts";
import { normalizeGitUrl, type PodSource, sourceLabel } from "../project/pod_source.ts";
import type { Log } from "../ui/log.ts";

/** The first git.url that one of `hosts` has for `pod`. */
export async function recordedUrl(
  hosts: readonly HostDir[],
  pod: string,
): Promise<string | undefined> {
  for (const host of hosts) {
    const url = (await readTextIfPresent(join(podDir(host, pod), "git.url")))?.trim();
    if (url) return url;
  }
  return undefined;
}

/**
 * Compares the git.url of each host with the remote of the source, and writes it where it is missing.
 *
 * @throws {UserError} when a host's pod comes from another repository
 */
export async function checkUrls(
  hosts: readonly HostDir[],
  source: PodSource,
  url: string | undefined,
): Promise<void> {
  for (const host of hosts) {
    const file = join(podDir(host, source.pod), "git.url");
    const recorded = (await readTextIfPresent(file))?.trim();
    if (!recorded) {
      if (url !== undefined) await writeFileAtomic(file, `${url}\n`);
      continue;
    }
    if (url !== undefined && normalizeGitUrl(url) === normalizeGitUrl(recorded)) continue;
    throw new UserError(
      `Cannot compile "${source.pod}" for host "${host.name}": it was attached from ${recorded},` +
        ` but its source has ${url === undefined ? "no git remote" : `the remote ${url}`}`,
      { hint: `correct the remote of the source, or edit ${file}` },
    );
  }
}

/** The commits of what goes into a release, as the COMPILE_POD log line has them. */
export interface SourceLabels {
  readonly podYaml: string;
  readonly variables: string;
  readonly config: string;
}

/** Reads the labels and warns about what no commit describes. */
export async function labelSources(
  cluster: Cluster,
  source: PodSource,
  log: Log,
): Promise<SourceLabels> {
  const config = join(PROJECT_FILES.configs, source.pod);
  const labels = {
    podYaml: await sourceLabel(source, "pod.yaml"),
    variables: await commitLabel(cluster.root, PROJECT_FILES.variables),
    config: (await configNames(cluster, source.pod)).length === 0
      ? "<none>"
      : await commitLabel(cluster.root, config),
  };
  if (labels.podYaml === "<none>") {
    log.warn(`${source.file} is in no git repository: the release cannot be traced to a commit`);
  } else warnAbout(log, source.file, labels.podYaml);
  warnAbout(log, PROJECT_FILES.variables, labels.variables);
  warnAbout(log, config, labels.config);
  return labels;
}

function warnAbout(log: Log, what: string, label: string): void {
  if (label === "") log.warn(`${what} was never committed`);
  if (label === "<unknown>") log.warn(`${what} has uncommitted changes`);
}
