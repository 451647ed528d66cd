/** Random projects, and random changes of them. */
import type { PodState } from "../../../podc/mod.ts";
import type { Random } from "../random.ts";
import { type Files, plainFiles } from "./bundle.ts";
import { Commit, type HostContent, type ReleaseContent } from "./commits.ts";

const CONFIG_PATHS = ["a", "b c", "sub/x", "sub/deep/y", ".hidden"];
const STATES: readonly PodState[] = ["running", "stopped", "removed"];

/** The first commit: `hosts` hosts with up to three releases each. */
export function firstCommit(random: Random, hosts: number): Commit {
  const content = Array.from({ length: hosts }, (_, index): HostContent => ({
    name: `h${index + 1}`,
    state: "active",
    releases: [["web", "1.0.0"], ["db", "1.0.0"], ["web", "0.9.0"]]
      .slice(0, 1 + random.below(3))
      .map(([pod, version]) => newRelease(random, pod!, version!)),
  }));
  // The order of hosts means nothing.
  const ordered = random.chance(0.5) ? content : content.toReversed();
  return new Commit("c1-first-commit", ordered, []);
}

/** A commit on top of `base` with changes on some hosts. */
export function nextCommit(random: Random, base: Commit, id: string): Commit {
  const hosts = base.hosts.map((host): HostContent => {
    let { state, releases } = host;
    if (random.chance(0.1)) state = state === "active" ? "inactive" : "active";
    for (let changes = random.below(4); changes > 0; changes--) {
      releases = changed(random, releases);
    }
    return { ...host, state, releases };
  });
  return new Commit(id, hosts, base.chain);
}

/** A commit on top of `base` that says again what `old` said. */
export function revertCommit(base: Commit, old: Commit, id: string): Commit {
  return new Commit(id, old.hosts, base.chain);
}

function newRelease(random: Random, pod: string, version: string): ReleaseContent {
  const ports = random.chance(0.5) ? { "pod.portmappings.conf": text(random) } : {};
  return {
    pod,
    version,
    state: random.pick(STATES.slice(0, 2)),
    files: { pod: text(random), ...ports },
    configs: random.chance(0.7) ? { conf: newConfig(random) } : {},
  };
}

function newConfig(random: Random): Files {
  const paths = CONFIG_PATHS.filter(() => random.chance(0.5));
  const texts = Object.fromEntries([...paths, "main"].map((path) => [path, text(random)]));
  const files: Record<string, Files[string]> = { ...plainFiles(texts) };
  if (random.chance(0.2)) files["run.sh"] = { text: text(random), mode: 0o755 };
  return files;
}

/** Few texts, so that old ones come back. */
function text(random: Random): string {
  return `text ${random.below(5)}\n`;
}

function changed(random: Random, releases: readonly ReleaseContent[]): ReleaseContent[] {
  const versions = ["0.9.0", "1.0.0", "2.0.0"];
  const [pod, version] = [random.pick(["web", "db"]), random.pick(versions)];
  const at = releases.findIndex((each) => each.pod === pod && each.version === version);
  if (at < 0) return [...releases, newRelease(random, pod, version)];
  const release = changedRelease(random, releases[at]!);
  return release === undefined ? releases.toSpliced(at, 1) : releases.with(at, release);
}

function changedRelease(random: Random, release: ReleaseContent): ReleaseContent | undefined {
  const { files, configs } = release;
  const name = random.pick(["conf", "site"]);
  const { [name]: config, ...otherConfigs } = configs;
  switch (random.below(6)) {
    case 0:
      return undefined;
    case 1:
      return { ...release, state: random.pick(STATES) };
    case 2: {
      const { "pod.ingress.conf": old, ...rest } = files;
      return { ...release, files: old ? rest : { ...files, "pod.ingress.conf": text(random) } };
    }
    case 3:
      return { ...release, files: { ...files, pod: text(random) } };
    case 4:
      return config === undefined
        ? { ...release, configs: { ...configs, [name]: newConfig(random) } }
        : { ...release, configs: otherConfigs };
    default:
      return { ...release, configs: { ...configs, [name]: newConfig(random) } };
  }
}
