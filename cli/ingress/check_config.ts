/** Has HAProxy look at a configuration before anything depends on it. */
import { join } from "node:path";
import { LocalHost } from "../../daemon/mod.ts";
import { OFFICIAL_PODS } from "../../pods/mod.ts";
import type { Cluster } from "../project/cluster.ts";
import { configNames, configRoot } from "../project/configs.ts";
import { copyTree, writeFileAtomic } from "../project/files.ts";
import SCRIPT from "./check_config.sh" with { type: "text" };

const TIMEOUT_MS = 60_000;
const NO_HAPROXY = 9;

/** The image that the official pod uses where none is configured. */
export function defaultImage(): string {
  const podYaml = OFFICIAL_PODS.get("ingress")?.podYaml ?? "";
  return /^ +image: ([^\s$]+)$/m.exec(podYaml)?.[1] ?? "";
}

/** What HAProxy said: `ok`, why not, or that there is none to ask. */
export type CheckResult =
  | { readonly kind: "ok" }
  | { readonly kind: "refused"; readonly reasons: string }
  | { readonly kind: "no-haproxy" };

/**
 * Checks `files` (by path below `_config/<pod>/`) together with the configs that are in the project.
 *
 * @param image used when HAProxy is not installed but podman has it
 */
export async function checkConfig(
  cluster: Cluster,
  pod: string,
  files: ReadonlyMap<string, string>,
  image: string,
  signal: AbortSignal,
): Promise<CheckResult> {
  const dir = await Deno.makeTempDir({ prefix: "sns-ingress-" });
  try {
    for (const name of await configNames(cluster, pod)) {
      await copyTree(join(configRoot(cluster, pod), name), join(dir, name));
    }
    // On the host certificates of the cluster are beside the configs; there may be none.
    for (const name of ["conf", "usercerts", "autocerts"]) {
      await Deno.mkdir(join(dir, name), { recursive: true });
    }
    for (const [path, text] of files) await writeFileAtomic(join(dir, path), text, 0o600);
    const { code, stdout, stderr } = await new LocalHost("this machine")
      .run({ script: SCRIPT, args: [dir, image], timeoutMs: TIMEOUT_MS, signal });
    if (code === 0) return { kind: "ok" };
    if (code === NO_HAPROXY) return { kind: "no-haproxy" };
    const said = new TextDecoder().decode(stdout) + stderr;
    return { kind: "refused", reasons: reasonsIn(said, dir) || `it ended with ${code}` };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** HAProxy's alerts, with the paths of the project. */
function reasonsIn(said: string, dir: string): string {
  const alerts = said.split("\n").filter((line) => line.startsWith("[ALERT]"));
  return (alerts.length > 0 ? alerts.join("\n") : said.trim()).replaceAll(`${dir}/`, "")
    .replaceAll(/^\[ALERT\] +\(\d+\) : /gm, "");
}
