/** Makes the releases of a pod version on all its hosts. */
import { join } from "node:path";
import {
  type CompileOutput,
  compilePod,
  formatDiagnostic,
  parseEnvFile,
  readPodVersion,
  variablesIn,
} from "../../podc/mod.ts";
import { UserError } from "../errors.ts";
import { podDir } from "../project/attachment.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { configNames } from "../project/configs.ts";
import { readTextIfPresent, removeIfPresent, statIfPresent } from "../project/files.ts";
import { allHosts, type HostDir } from "../project/host.ts";
import { appendLog, type LogStamp } from "../project/log.ts";
import type { PodRef } from "../project/pod_ref.ts";
import { findPodSource, type PodSource, sourceUrl } from "../project/pod_source.ts";
import { releasesDir } from "../project/release.ts";
import { allReleasePorts, formatPortsFile } from "../project/release_ports.ts";
import { targetHosts } from "../project/targets.ts";
import { type ResolvedVariables, resolveVariables } from "../project/variables.ts";
import type { ReleasePorts } from "../project/ports.ts";
import type { Log } from "../ui/log.ts";
import { assignPorts, boundPorts, newClashes, servedPorts } from "./assign.ts";
import { hasOtherSource, mendOtherSource } from "./compare.ts";
import { checkUrls, labelSources, recordedUrl } from "./check_source.ts";
import { writeRelease } from "./write_release.ts";

/** podc's message for a config volume without its directory. */
const CONFIG_MISSING = /^there is no directory config\/(\S+)/;

export interface CompileResult {
  readonly version: string;
  /** Names of the hosts that got a new release. */
  readonly compiled: readonly string[];
}

type ReleaseRef = Pick<ReleasePorts, "host" | "pod" | "version">;

const isSame = (a: ReleaseRef, b: ReleaseRef) =>
  a.host === b.host && a.pod === b.pod && a.version === b.version;

/** A compiled release that is not on disk yet. */
interface Made {
  readonly host: HostDir;
  readonly output: CompileOutput;
  readonly assigned: ReadonlyMap<string, number>;
}

/**
 * Compiles `ref.pod` for its hosts. A host that has the version already is skipped; when it fails for
 * one host, none gets a release.
 *
 * @param leaving releases that will be gone when this one starts, so that their ports are free
 * @throws {UserError} with all findings in pod.yaml, or the clashing ports
 */
export async function compileRelease(
  cluster: Cluster,
  ref: PodRef,
  log: Log,
  stamp: LogStamp,
  leaving: readonly ReleaseRef[] = [],
): Promise<CompileResult> {
  const hosts = await targetHosts(cluster, ref);
  const source = await findPodSource(cluster, ref.pod, undefined).catch(async (error) => {
    const url = await recordedUrl(hosts, ref.pod);
    if (url === undefined || await statIfPresent(join(cluster.podPath, ref.pod))) throw error;
    return await findPodSource(cluster, ref.pod, url);
  });
  if (source.kind === "official") log.info(`${ref.pod} is the official pod of that name`);
  const version = versionOf(source);
  const pending: HostDir[] = [];
  for (const host of hosts) {
    const dir = join(releasesDir(host, ref.pod), version);
    if (await statIfPresent(dir) === undefined) pending.push(host);
    else await tellOfOld(cluster, source, dir, `${ref.pod}:${version}@${host.name}`, version, log);
  }
  if (pending.length === 0) return { version, compiled: [] };
  if (source.kind === "directory") await checkUrls(pending, source, await sourceUrl(source));
  const labels = await labelSources(cluster, source, log);
  const made = await compileFor(cluster, source, version, pending, log, leaving);
  await writeAll(cluster, ref.pod, version, made);
  for (const { host } of made) {
    const action = `COMPILE_POD release:${version} pod.yaml:${labels.podYaml}` +
      ` cluster-vars.env:${labels.variables} cfg:${labels.config}`;
    await appendLog(join(podDir(host, ref.pod), "log.txt"), action, stamp);
  }
  return { version, compiled: made.map(({ host }) => host.name) };
}

/** A release stays as it is; whoever expects it to follow its source is told. */
async function tellOfOld(
  cluster: Cluster,
  source: PodSource,
  dir: string,
  name: string,
  version: string,
  log: Log,
): Promise<void> {
  log.info(`${name} is compiled already`);
  if (!await hasOtherSource(cluster, source, dir)) return;
  log.warn(
    `${name} stays as it is, though pod.yaml or ${PROJECT_FILES.variables} has changed since:` +
      ` ${mendOtherSource(source, version)}`,
  );
}

function versionOf(source: PodSource): string {
  const version = readPodVersion(source.podYaml);
  if (version !== undefined) return version;
  throw new UserError(`Cannot compile ${source.file}: it has no podVersion`, {
    hint: "add a line like podVersion: 1.0.0",
  });
}

/** Compiles for each host in memory, and refuses clashing ports. */
async function compileFor(
  cluster: Cluster,
  source: PodSource,
  version: string,
  hosts: readonly HostDir[],
  log: Log,
  leaving: readonly ReleaseRef[],
): Promise<Made[]> {
  const { pod } = source;
  const variables = await readVariables(cluster, source);
  const existing = (await allReleasePorts(await allHosts(cluster)))
    .map((each) => leaving.some((one) => isSame(one, each)) ? { ...each, removed: true } : each);
  const texts = [source.podYaml, ...variables.values.values()];
  const request = { pod, version, hosts: hosts.map(({ name }) => name), texts, ...variables };
  const assignments = assignPorts(request, existing);
  const configs = new Set(await configNames(cluster, pod));
  const told = new Set<string>();
  const made = hosts.map((host): Made => {
    const assigned = assignments.get(host.name) ?? new Map<string, number>();
    const ports = [...assigned].map(([name, port]) => [name, String(port)] as const);
    const output = compilePod({
      source: source.podYaml,
      file: source.file,
      podName: pod,
      variables: new Map([...variables.values, ...ports]),
      baseDir: source.kind === "directory" ? source.dir : cluster.root,
      configs,
    });
    report(output, source, variables, log, told);
    return { host, output, assigned };
  });
  refuseClashes(newClashes(existing, made.map((one) => portsOf(one, pod, version))), pod);
  return made;
}

async function readVariables(cluster: Cluster, source: PodSource): Promise<ResolvedVariables> {
  const text = await readTextIfPresent(join(cluster.root, PROJECT_FILES.variables));
  if (text === undefined) {
    throw new UserError(`Cannot compile "${source.pod}": ${PROJECT_FILES.variables} is missing`, {
      hint: `make an empty file ${join(cluster.root, PROJECT_FILES.variables)}`,
    });
  }
  return resolveVariables(variablesIn(source.podYaml), source.pod, parseEnvFile(text));
}

/** Logs each warning once, and throws when there are errors. */
function report(
  { diagnostics }: CompileOutput,
  source: PodSource,
  { missing }: ResolvedVariables,
  log: Log,
  told: Set<string>,
): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const text = (list: typeof diagnostics) =>
    list.map((diagnostic) => formatDiagnostic(diagnostic, source.podYaml));
  for (const warning of text(diagnostics.filter(({ severity }) => severity === "warning"))) {
    if (!told.has(warning)) log.warn(warning);
    told.add(warning);
  }
  if (errors.length === 0) return;
  const hint = hintFor(errors.map(({ message }) => message), source.pod, missing);
  throw new UserError(
    `Cannot compile "${source.pod}":\n${text(errors).join("\n")}`,
    hint === "" ? {} : { hint },
  );
}

/** What to do in a cluster project about errors whose own hints are meant for podc alone. */
function hintFor(
  messages: readonly string[],
  pod: string,
  missing: ResolvedVariables["missing"],
): string {
  const wanted = missing.filter(({ name }) => messages.some((message) => message.includes(name)));
  const values = wanted.map(({ key }) => `${key}=<value>`).join(" ");
  const [, config] = messages.map((message) => CONFIG_MISSING.exec(message)).find(Boolean) ?? [];
  return [
    ...(values === "" ? [] : [`add to ${PROJECT_FILES.variables}: ${values}`]),
    ...(config === undefined ? [] : [
      `make ${join(PROJECT_FILES.configs, pod, config)}, or copy the configs that come with the` +
      ` pod: sns cluster importconfig ${pod}`,
    ]),
  ].join("; ");
}

function portsOf({ host, output, assigned }: Made, pod: string, version: string) {
  return {
    host: host.name,
    pod,
    version,
    removed: false,
    hostPorts: output.spec === undefined ? [] : boundPorts(output.spec),
    clusterPorts: output.spec === undefined ? [] : servedPorts(output.spec),
    assigned,
  };
}

function refuseClashes(clashes: readonly string[], pod: string): void {
  if (clashes.length === 0) return;
  throw new UserError(`Cannot compile "${pod}": ports clash\n${clashes.join("\n")}`, {
    hint: "use ${HOSTPORTAUTO1} for the host port, or set the other release to removed:" +
      " sns pod state <pod:version@host> -s removed",
  });
}

/** Writes all releases; when one fails, those written before are removed again. */
async function writeAll(
  cluster: Cluster,
  pod: string,
  version: string,
  made: readonly Made[],
): Promise<void> {
  const written: string[] = [];
  try {
    for (const { host, output, assigned } of made) {
      const { artifacts, spec, preprocessed } = output;
      if (artifacts === undefined || spec === undefined) {
        throw new Error(`Compiling "${pod}" gave no artifacts and no error`);
      }
      const dir = join(releasesDir(host, pod), version);
      const ports = formatPortsFile(assigned, boundPorts(spec));
      await writeRelease(cluster, { dir, pod, preprocessed, artifacts, ports });
      written.push(dir);
    }
  } catch (error) {
    for (const dir of written) await removeIfPresent(dir);
    throw error;
  }
}
