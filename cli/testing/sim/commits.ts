/** Projects for the simulator: what each commit says that the hosts should hold. */
import { join } from "node:path";
import type { PodState } from "../../../podc/mod.ts";
import type { HostDir, HostState } from "../../project/host.ts";
import { parseHostEnv } from "../../project/host_env.ts";
import { archiveContent } from "../../sync/archive.ts";
import { formatCommitChain } from "../../sync/commit_chain.ts";
import { hostsConfFor } from "../../sync/hosts_conf.ts";
import type { Operation } from "../../sync/operation.ts";
import type { ReadyProject } from "../../sync/preconditions.ts";
import type { ConfigSums, DesiredHost, DesiredRelease } from "../../sync/state.ts";
import { type Files, plainFiles } from "./bundle.ts";
import type { Tree } from "./tree.ts";
import { sha256 } from "./sha256.ts";

export const CLUSTER_ID = "demo-1";
/** HOSTHOME of all simulated hosts; each has a tree of its own. */
export const HOME = "home";

/** A release as a commit has it. */
export interface ReleaseContent {
  readonly pod: string;
  readonly version: string;
  readonly state: PodState;
  /** Texts of pod, pod.portmappings.conf and pod.ingress.conf. */
  readonly files: Readonly<Record<string, string>>;
  /** Files of each config. */
  readonly configs: Readonly<Record<string, Files>>;
}

export interface HostContent {
  readonly name: string;
  readonly state: HostState;
  readonly releases: readonly ReleaseContent[];
}

/** One commit, with all before it. */
export class Commit {
  readonly project: ReadyProject;
  readonly #desired = new Map<string, DesiredHost>();
  readonly #expected = new Map<string, Files>();

  /** @param parents ids of the history before it, oldest first */
  constructor(
    readonly id: string,
    readonly hosts: readonly HostContent[],
    readonly parents: readonly string[],
  ) {
    this.project = { hosts: hosts.map(hostDir), chain: [...parents, id] };
  }

  get chain(): readonly string[] {
    return this.project.chain;
  }

  content(host: string): HostContent {
    return this.hosts.find(({ name }) => name === host)!;
  }

  desired(host: string): DesiredHost {
    const known = this.#desired.get(host);
    if (known !== undefined) return known;
    const routed = this.project.hosts.map((dir) => ({
      ...dir,
      routerAddress: dir.env.routerAddress,
    }));
    const desired = {
      name: host,
      clusterId: CLUSTER_ID,
      hostsConf: hostsConfFor(routed.find(({ name }) => name === host)!, routed),
      chain: this.chain,
      releases: this.content(host).releases.map(desiredRelease),
    };
    this.#desired.set(host, desired);
    return desired;
  }

  /** What {@link archiveContent} says is to be delivered. */
  bundle(host: string, operations: readonly Operation[]): Files {
    const { texts, members } = archiveContent(this.desired(host), operations);
    const all = projectFiles(this.content(host));
    const wanted = (path: string) =>
      members.some((member) => path === member || path.startsWith(`${member}/`));
    return {
      ...Object.fromEntries(Object.entries(all).filter(([path]) => wanted(path))),
      ...plainFiles(Object.fromEntries(texts)),
    };
  }

  /** Makes an empty tree what a sync of this commit leaves. */
  layDown(tree: Tree, host: string): void {
    tree.mkdir("pods");
    tree.write("cluster-id.txt", `${CLUSTER_ID}\n`);
    for (const [path, { text, mode }] of Object.entries(this.expected(host))) {
      tree.mkdirs(path.slice(0, Math.max(0, path.lastIndexOf("/"))) || "pods");
      tree.write(path, text, 0, mode);
    }
    tree.sync();
  }

  /** The files on a host that has been synced with this commit, of all releases that are not removed. */
  expected(host: string): Files {
    const known = this.#expected.get(host);
    if (known !== undefined) return known;
    const expected = this.#expect(host);
    this.#expected.set(host, expected);
    return expected;
  }

  #expect(host: string): Files {
    const desired = this.desired(host);
    const releases = desired.releases.filter(({ state }) => state !== "removed");
    const operations: Operation[] = releases.map(({ pod, version }) => ({
      kind: "release",
      pod,
      version,
    }));
    const { manifest: _, ...files } = this.bundle(host, operations);
    const states = releases.map(({ pod, version, state }) =>
      [`pods/${pod}/release/${version}/pod.state`, `${state}\n`] as const
    );
    const chain = { "commit-chain.txt": formatCommitChain(desired.chain) };
    const hosts = { "hosts.conf": desired.hostsConf };
    return { ...files, ...plainFiles({ ...Object.fromEntries(states), ...chain, ...hosts }) };
  }
}

/** All files that the project has for a host. */
function projectFiles({ releases }: HostContent): Files {
  const files: Record<string, Files[string]> = {};
  for (const { pod, version, files: own, configs } of releases) {
    const dir = `pods/${pod}/release/${version}`;
    for (const [name, text] of Object.entries(own)) files[`${dir}/${name}`] = { text, mode: 0o644 };
    for (const [config, entries] of Object.entries(configs)) {
      for (const [path, file] of Object.entries(entries)) {
        files[`${dir}/config/${config}/${path}`] = file;
      }
    }
  }
  return files;
}

function desiredRelease({ pod, version, state, files, configs }: ReleaseContent): DesiredRelease {
  return {
    pod,
    version,
    state,
    files: new Map(Object.entries(files).map(([name, text]) => [name, sha256(text)])),
    configs: new Map(Object.entries(configs).map(([name, entries]) => [name, configSums(entries)])),
  };
}

/** The checksums of a config: that of the contents as hosts make it, too, and one of everything else. */
export function configSums(files: Files): ConfigSums {
  const sorted = Object.entries(files).toSorted(([a], [b]) => a < b ? -1 : 1);
  return {
    checksum: sha256(sorted.map(([path, { text }]) => `${sha256(text)}  ./${path}\n`).join("")),
    shape: sha256(JSON.stringify(sorted.map(([path, { mode }]) => [path, mode & 0o100]))),
  };
}

function hostDir({ name, state }: HostContent): HostDir {
  const address = `127.0.0.${1 + Number(name.replace(/\D/g, ""))}:32767`;
  const text = `HOST=local\nHOSTHOME=${HOME}\nROUTERADDRESS=${address}\n`;
  return { name, dir: join("/project", name), state, env: parseHostEnv(text, "host.env") };
}
