/** What differs on a host from a commit of the project. */
import { join } from "node:path";
import { type Host, LocalHost } from "../../daemon/mod.ts";
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import type { Cluster } from "../project/cluster.ts";
import { extractCommit } from "../project/git.ts";
import { allHosts, type HostDir } from "../project/host.ts";
import { REMOTE_PROGRAMS } from "../remote/programs.ts";
import { desiredHost } from "./desired.ts";
import { observeHost } from "./observe.ts";
import { describeOperation, type Operation } from "./operation.ts";
import { planHost } from "./plan.ts";

const TIMEOUT_MS = 120_000;

/** What was found on a host. */
export interface HostDrift {
  readonly host: string;
  /** The commit that it was last synced with. */
  readonly commit: string;
  /** What a sync of that commit would do: nothing, where nobody changed anything. */
  readonly operations: readonly Operation[];
  /** Paths in live configs that are not as that commit has them. */
  readonly configs: readonly ConfigDrift[];
}

export interface ConfigDrift {
  /** As sha256sum prints it: odd names are escaped. */
  readonly path: string;
  readonly how: "changed" | "missing" | "extra";
}

/** Projects as they were at commits, in temporary directories. */
export class Commits implements AsyncDisposable {
  readonly #dirs = new Map<string, Promise<Cluster>>();

  constructor(readonly cluster: Cluster) {}

  /** The project at `commit`; a full id or an abbreviated one. */
  at(commit: string): Promise<Cluster> {
    let project = this.#dirs.get(commit);
    if (project === undefined) {
      project = this.#extract(commit);
      this.#dirs.set(commit, project);
    }
    return project;
  }

  async #extract(commit: string): Promise<Cluster> {
    const root = await Deno.makeTempDir({ prefix: "sns-commit-" });
    try {
      await extractCommit(this.cluster.root, commit, root);
    } catch (error) {
      await Deno.remove(root, { recursive: true });
      throw error;
    }
    return { ...this.cluster, root };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of await Promise.allSettled(this.#dirs.values())) {
      if (each.status === "fulfilled") await Deno.remove(each.value.root, { recursive: true });
    }
  }
}

/**
 * Compares a host with the commit that it was last synced with. Changes nothing.
 *
 * @throws {UserError} when it was never synced, or the project does not have that commit
 */
export async function hostDrift(deps: Deps, commits: Commits, host: HostDir): Promise<HostDrift> {
  const connection = deps.connect(host);
  const { hostHome } = host.env;
  const observed = await observeHost(connection, hostHome, deps.signal);
  const commit = observed.chain.at(-1);
  if (commit === undefined) {
    throw new UserError(`Host "${host.name}" was never synced`, { hint: "sns cluster sync" });
  }
  const project = await commits.at(commit);
  const hosts = await allHosts(project);
  const then = hosts.find(({ name }) => name === host.name);
  if (then === undefined) {
    throw new UserError(`The commit ${commit} has no host "${host.name}"`);
  }
  const desired = await desiredHost(project, then, hosts, observed.chain);
  const here = await listConfigs(
    new LocalHost("this machine"),
    join(project.root, host.name),
    deps,
  );
  const there = await listConfigs(connection, hostHome, deps);
  const delivered = new Set(observed.releases.map(({ pod, version }) => `${pod}/${version}`));
  return {
    host: host.name,
    commit,
    operations: planHost(desired, observed),
    configs: compareConfigs(here, there, (path) => delivered.has(releaseOf(path))),
  };
}

/** The drift as lines for people. */
export function describeDrift({ operations, configs }: HostDrift): string[] {
  return [
    ...operations.map((operation) => `a sync would ${describeOperation(operation)}`),
    ...configs.map(({ path, how }) => `${path} is ${how}`),
  ];
}

async function listConfigs(host: Host, dir: string, { signal }: Deps): Promise<string> {
  const { code, stdout, stderr } = await host.run({
    script: REMOTE_PROGRAMS.listConfigs,
    args: [dir],
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (code === 0) return new TextDecoder().decode(stdout);
  throw new UserError(`Cannot read the configs of "${host.name}": ${stderr.trim()}`);
}

/** Compares what list_configs.sh prints here and there, for the paths that are `wanted`. */
export function compareConfigs(
  here: string,
  there: string,
  wanted: (path: string) => boolean = () => true,
): ConfigDrift[] {
  const [ours, theirs] = [byPath(here), byPath(there)];
  const drift: ConfigDrift[] = [];
  for (const path of [...new Set([...ours.keys(), ...theirs.keys()])].sort()) {
    if (!wanted(path)) continue;
    const [our, their] = [ours.get(path), theirs.get(path)];
    if (our === their) continue;
    drift.push({
      path,
      how: their === undefined ? "missing" : our === undefined ? "extra" : "changed",
    });
  }
  return drift;
}

function byPath(text: string): Map<string, string> {
  const entries = text.split("\n").flatMap((line): [string, string][] => {
    const at = line.lastIndexOf("  pods/");
    return at < 0 ? [] : [[line.slice(at + 2), line.slice(0, at)]];
  });
  return new Map(entries);
}

function releaseOf(path: string): string {
  const [, pod, , version] = path.split("/");
  return `${pod}/${version}`;
}
