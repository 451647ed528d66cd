/** Where a pod's pod.yaml and configs come from: a directory below PODPATH, or the official pods. */
import { join } from "node:path";
import { compareVersions, isVersion, parseEnvFile, readPodVersion } from "../../podc/mod.ts";
import { OFFICIAL_PODS } from "../../pods/mod.ts";
import { UserError } from "../errors.ts";
import { type Cluster, PROJECT_FILES } from "./cluster.ts";
import { isDirectory, readTextIfPresent, statIfPresent } from "./files.ts";
import { clone, commitLabel, isInRepository, remoteUrl } from "./git.ts";

interface Source {
  readonly pod: string;
  /** pod.yaml as written. */
  readonly podYaml: string;
  /** The name of pod.yaml in messages. */
  readonly file: string;
}

/** A directory on disk. */
export interface DirectorySource extends Source {
  readonly kind: "directory";
  readonly dir: string;
  /** Whether `dir` lies in a git repository. */
  readonly tracked: boolean;
}

/** A pod that comes with the program. */
export interface OfficialSource extends Source {
  readonly kind: "official";
  readonly configs: ReadonlyMap<string, string>;
}

export type PodSource = DirectorySource | OfficialSource;

/**
 * Finds the source of `pod`: `PODPATH/<pod>`, cloned from `link` when it is absent and a link is
 * known, else the official pod of that name.
 *
 * @param link git URL; when PODPATH has the pod already, its remote must be the same
 * @throws {UserError} when there is none
 */
export async function findPodSource(
  cluster: Cluster,
  pod: string,
  link: string | undefined,
): Promise<PodSource> {
  const dir = join(cluster.podPath, pod);
  const present = await statIfPresent(dir) !== undefined;
  if (!present && link !== undefined) {
    await Deno.mkdir(cluster.podPath, { recursive: true });
    await clone(link, dir);
  }
  if (!present && link === undefined) {
    const official = await officialSource(cluster, pod);
    if (official !== undefined) return official;
    throw new UserError(`No source of the pod "${pod}": there is no ${dir}`, {
      hint: `put its pod.yaml there, or give its git URL: sns host attach ${pod}@<host> -l <url>` +
        ` (official pods: ${[...OFFICIAL_PODS.keys()].join(", ")})`,
    });
  }
  return await directorySource(pod, dir);
}

async function officialSource(cluster: Cluster, pod: string): Promise<OfficialSource | undefined> {
  const official = OFFICIAL_PODS.get(pod);
  if (official === undefined) return undefined;
  const { configs } = official;
  const text = await readTextIfPresent(join(cluster.root, PROJECT_FILES.variables)) ?? "";
  const own = parseEnvFile(text).get(`${pod}_podVersion`);
  const podYaml = own === undefined ? official.podYaml : withVersion(pod, official.podYaml, own);
  return { kind: "official", pod, podYaml, configs, file: `${pod}/pod.yaml (official pod)` };
}

/**
 * An official pod under a version of the operator's: the same pod with other values is another
 * release, and who compiles it can't edit its pod.yaml.
 */
function withVersion(pod: string, podYaml: string, version: string): string {
  const official = readPodVersion(podYaml) ?? "";
  const setting = `${pod}_podVersion=${version} in ${PROJECT_FILES.variables}`;
  if (!isVersion(version)) {
    throw new UserError(`Cannot use ${setting}: it is no version`, { hint: "write it like 1.2.3" });
  }
  if (compareVersions(version, official) <= 0) {
    throw new UserError(`Cannot use ${setting}: the official pod has ${official} itself`, {
      hint: "remove that line, or raise it above",
    });
  }
  return podYaml.replace(/^podVersion:.*$/m, `podVersion: ${version}`);
}

async function directorySource(pod: string, dir: string): Promise<DirectorySource> {
  const file = join(dir, "pod.yaml");
  const podYaml = await readTextIfPresent(file);
  if (podYaml === undefined) {
    throw new UserError(`Cannot use the pod "${pod}": there is no ${file}`);
  }
  return { kind: "directory", pod, podYaml, file, dir, tracked: await hasRepository(dir) };
}

/** The default PODPATH lies in the project's repository but is ignored there: that one doesn't count. */
async function hasRepository(dir: string): Promise<boolean> {
  if (await statIfPresent(join(dir, ".git"))) return true;
  if (!await isInRepository(dir)) return false;
  return await commitLabel(dir, "pod.yaml") !== "";
}

/** The URL of a source's git remote, if it is a repository with one. */
export async function sourceUrl(source: PodSource): Promise<string | undefined> {
  return source.kind === "directory" && source.tracked ? await remoteUrl(source.dir) : undefined;
}

/** Tag or commit of a file of the source, `official-<version>` or `<none>`, as log lines show it. */
export async function sourceLabel(source: PodSource, path: string): Promise<string> {
  if (source.kind === "official") return `official-${readPodVersion(source.podYaml) ?? "unknown"}`;
  return source.tracked ? await commitLabel(source.dir, path) : "<none>";
}

/** Whether the source has a `config` directory. */
export async function hasConfigs(source: PodSource): Promise<boolean> {
  return source.kind === "official"
    ? source.configs.size > 0
    : await isDirectory(join(source.dir, "config"));
}

/** A git URL without what differs between its https and ssh forms. */
export function normalizeGitUrl(url: string): string {
  return url.trim().replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\//, "").replace(/^.*@/s, "")
    .replace(/\.git\/?$/, "").replaceAll(":", "/");
}
