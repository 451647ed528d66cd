/** What a shell may complete: names of the project that the working directory lies in. */
import { dirname, join, resolve } from "node:path";
import { OFFICIAL_PODS } from "../pods/mod.ts";

/** Where completion looks; everything is read without waiting, as the parser library wants it. */
export interface CompletionPlace {
  readonly cwd: string;
  readonly clusterPath?: string;
  readonly podPath?: string;
}

/** The place of this process. */
export function currentPlace(): CompletionPlace {
  const clusterPath = Deno.env.get("CLUSTERPATH");
  const podPath = Deno.env.get("PODPATH");
  return {
    cwd: Deno.cwd(),
    ...(clusterPath ? { clusterPath } : {}),
    ...(podPath ? { podPath } : {}),
  };
}

/** Names of hosts. */
export function completeHosts(place: CompletionPlace): string[] {
  const root = findRoot(place);
  if (root === undefined) return [];
  return names(root).filter((name) => names(join(root, name), true).includes("host.env"));
}

/** Pods and releases as `pod[:version][@host]`, as far as `prefix` has come. */
export function completeReleases(place: CompletionPlace, prefix: string): string[] {
  const root = findRoot(place);
  if (root === undefined) return [];
  const hosts = completeHosts(place);
  const [ref = "", host] = prefix.split("@", 2);
  const pod = ref.split(":")[0] ?? "";
  const pods = (host: string) => names(join(root, host, "pods"));
  if (host !== undefined) {
    return hosts.filter((each) => pods(each).includes(pod)).map((each) => `${ref}@${each}`);
  }
  if (!ref.includes(":")) return unique(hosts.flatMap(pods));
  const versions = hosts.flatMap((each) => names(join(root, each, "pods", pod, "release")));
  return unique(versions.map((version) => `${pod}:${version}`));
}

/** The same for a list with commas: what is before the last one stays. */
export function completeReleaseList(place: CompletionPlace, prefix: string): string[] {
  const at = prefix.lastIndexOf(",") + 1;
  const [before, last] = [prefix.slice(0, at), prefix.slice(at)];
  const found = last.startsWith("@")
    ? completeHosts(place).map((host) => `@${host}`)
    : completeReleases(place, last);
  return found.map((each) => before + each);
}

/** `pod@host` for pods that can be attached. */
export function completeAttachments(place: CompletionPlace, prefix: string): string[] {
  const root = findRoot(place);
  if (root === undefined) return [];
  const podPath = place.podPath === undefined
    ? join(root, "_pods")
    : resolve(place.cwd, place.podPath);
  const pods = unique([...names(podPath), ...OFFICIAL_PODS.keys()]);
  const [pod, host] = prefix.split("@", 2);
  return host === undefined ? pods : completeHosts(place).map((each) => `${pod}@${each}`);
}

const unique = (list: readonly string[]) => [...new Set(list)].sort();

function findRoot({ cwd, clusterPath }: CompletionPlace): string | undefined {
  if (clusterPath !== undefined) return resolve(cwd, clusterPath);
  for (let dir = resolve(cwd);; dir = dirname(dir)) {
    if (names(dir, true).includes("cluster-id.txt")) return dir;
    if (dir === dirname(dir)) return undefined;
  }
}

/** Names in a directory, without those that begin with a dot or underscore; none when it can't be read. */
function names(dir: string, files = false): string[] {
  try {
    return [...Deno.readDirSync(dir)].filter((entry) => files || !entry.isFile)
      .map(({ name }) => name).filter((name) => !/^[._]/.test(name)).sort();
  } catch {
    // A directory that is missing or not readable has nothing to offer, and nobody reads errors here.
    return [];
  }
}
