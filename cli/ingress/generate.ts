/** Makes the configuration of all ingress pods from what is in the project. */
import { join } from "node:path";
import { parseEnvFile } from "../../podc/mod.ts";
import { UserError } from "../errors.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { configRoot } from "../project/configs.ts";
import {
  isDirectory,
  readTextIfPresent,
  statIfPresent,
  visibleNames,
  writeFileAtomic,
} from "../project/files.ts";
import { checkConfig, defaultImage } from "./check_config.ts";
import { configId, DEFAULT_CERTIFICATE, formatHaproxyCfg } from "./haproxy_cfg.ts";
import { planIngress, type RuleSource } from "./plan.ts";
import { readSources } from "./sources.ts";
import { loadTemplates } from "./templates.ts";

/** Where it comes to lie below `_config/<pod>/`. */
export const HAPROXY_CFG = "conf/haproxy.cfg";

export interface GenerateOptions {
  /** Name of the ingress pod. */
  readonly pod: string;
  /** Cluster ports whose rules are left out. */
  readonly excluded: ReadonlySet<number>;
  readonly signal: AbortSignal;
}

/** A configuration that is not in the project yet. */
export interface Generated {
  readonly pod: string;
  /** Id of the configuration, as the running HAProxy tells it. */
  readonly id: string;
  /** The present haproxy.cfg; empty when there is none. */
  readonly before: string;
  readonly after: string;
  /** Whether a HAProxy has checked it. */
  readonly checked: boolean;
  readonly warnings: readonly string[];
}

/**
 * Makes and checks the configuration, and writes nothing.
 *
 * @throws {UserError} for wrong rules (pod, version, host and line), wrong templates, and for what HAProxy
 * refuses
 */
export async function generateIngress(
  cluster: Cluster,
  { pod, excluded, signal }: GenerateOptions,
): Promise<Generated> {
  const { fragments, options } = await loadTemplates(cluster, pod);
  const { sources, warnings } = await readSources(cluster, pod);
  const reserved = new Map([[options.adminPort, `the ingress itself (${pod}_adminPort)`]]);
  const plan = planIngress(sources, { excluded, reserved });
  const errors = [...plan.errors, ...await missingFiles(cluster, pod, sources)];
  if (errors.length > 0) {
    throw new UserError(`Cannot make one configuration of all rules:\n${errors.join("\n")}`);
  }
  const root = configRoot(cluster, pod);
  const defaultCertificate = await statIfPresent(join(root, DEFAULT_CERTIFICATE)) !== undefined;
  const after = formatHaproxyCfg(plan, fragments, { ...options, defaultCertificate });
  const files = new Map([[HAPROXY_CFG, after]]);
  const check = await checkConfig(cluster, pod, files, await imageOf(cluster, pod), signal);
  if (check.kind === "refused") {
    throw new UserError(
      `HAProxy refuses the configuration, nothing was changed:\n${check.reasons}`,
      {
        hint:
          `see the templates in ${join(PROJECT_FILES.configs, pod, "_tpl")}, the certificates in` +
          ` ${join(PROJECT_FILES.configs, pod, "usercerts")} and the pods' ingress`,
      },
    );
  }
  return {
    pod,
    id: configId(after) ?? "",
    before: await readTextIfPresent(join(root, HAPROXY_CFG)) ?? "",
    after,
    checked: check.kind === "ok",
    warnings: [
      ...warnings,
      ...plan.warnings,
      ...(plan.frontends.length === 0 ? ["no running pod on an active host has ingress"] : []),
    ],
  };
}

/** Puts a configuration into the project; private keys beside it become readable for their owner alone. */
export async function writeIngress(cluster: Cluster, generated: Generated): Promise<void> {
  const root = configRoot(cluster, generated.pod);
  for (const dir of ["conf", "usercerts"]) await hideKeys(join(root, dir));
  if (generated.after !== generated.before) {
    await writeFileAtomic(join(root, HAPROXY_CFG), generated.after, 0o644);
  }
}

async function hideKeys(dir: string): Promise<void> {
  for (const name of await visibleNames(dir, (entry) => entry.isFile)) {
    const path = join(dir, name);
    const { mode } = await Deno.stat(path);
    if (((mode ?? 0) & 0o077) === 0) continue;
    if ((await Deno.readTextFile(path)).includes("PRIVATE KEY-----")) await Deno.chmod(path, 0o600);
  }
}

/** Pages that rules name, and that the ingress would not have. */
async function missingFiles(
  cluster: Cluster,
  pod: string,
  sources: readonly RuleSource[],
): Promise<string[]> {
  const errors: string[] = [];
  for (const { file, rules } of sources) {
    for (const { action, line } of rules) {
      if (action.kind !== "errorfile") continue;
      const path = join(configRoot(cluster, pod), action.path);
      if (await statIfPresent(path) !== undefined && !await isDirectory(path)) continue;
      const shown = join(PROJECT_FILES.configs, pod, action.path);
      errors.push(`${file}:${line}: there is no file ${shown} for errorfile /mnt/${action.path}`);
    }
  }
  return errors;
}

async function imageOf(cluster: Cluster, pod: string): Promise<string> {
  const env = await readTextIfPresent(join(cluster.root, PROJECT_FILES.variables)) ?? "";
  return parseEnvFile(env).get(`${pod}_image`) || defaultImage();
}
