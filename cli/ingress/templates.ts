/** The templates of an ingress pod: `_config/<pod>/_tpl/*.conf.fragment` and `defaults.env`. */
import { join } from "node:path";
import { fillTemplate, formatDiagnostic, parseEnvFile, variablesIn } from "../../podc/mod.ts";
import { UserError } from "../errors.ts";
import { type Cluster, PROJECT_FILES } from "../project/cluster.ts";
import { configRoot } from "../project/configs.ts";
import { readTextIfPresent, visibleNames } from "../project/files.ts";
import { resolveVariables } from "../project/variables.ts";
import type { CfgOptions, Fragments } from "./haproxy_cfg.ts";

const SUFFIX = ".conf.fragment";

/** Variables that HAProxy would misread silently if they were no such number; empty is fine. */
const POSITIVE = ["connRate", "requestRate", "maxconn", "adminPort"];

export interface Templates {
  readonly fragments: Fragments;
  readonly options: CfgOptions;
}

/**
 * Reads and fills the templates of `pod`.
 *
 * @throws {UserError} when there are none, or one has an error
 */
export async function loadTemplates(cluster: Cluster, pod: string): Promise<Templates> {
  const dir = join(configRoot(cluster, pod), "_tpl");
  const files = new Map<string, string>();
  for (const name of await visibleNames(dir, (entry) => entry.isFile)) {
    files.set(name, await Deno.readTextFile(join(dir, name)));
  }
  const variables = await readTextIfPresent(join(cluster.root, PROJECT_FILES.variables)) ?? "";
  return fillTemplates(files, pod, parseEnvFile(variables));
}

/**
 * Fills the templates `files` of `pod`, by name. A variable has its value from `env` (`<pod>_<name>`, or
 * its own name if that is all capitals), else from defaults.env.
 *
 * @param env the content of cluster-vars.env
 * @throws {UserError} when there is no main template, or one has an error
 */
export function fillTemplates(
  files: ReadonlyMap<string, string>,
  pod: string,
  env: ReadonlyMap<string, string>,
): Templates {
  const shown = join(PROJECT_FILES.configs, pod, "_tpl");
  if (!files.has(`main${SUFFIX}`)) {
    throw new UserError(`Cannot write haproxy.cfg: there is no ${shown}/main${SUFFIX}`, {
      hint: `copy the templates that come with the pod: sns cluster importconfig ${pod}`,
    });
  }
  const defaults = parseEnvFile(files.get("defaults.env") ?? "");
  const valuesOf = (wanted: readonly string[]): Map<string, string> => {
    const { values } = resolveVariables(wanted, pod, env);
    return new Map([...defaults].filter(([name]) => wanted.includes(name)).concat([...values]));
  };
  const fragments = new Map<string, string>();
  const errors: string[] = [];
  for (const [name, source] of files) {
    if (!name.endsWith(SUFFIX)) continue;
    const values = valuesOf(variablesIn(source));
    const { text, diagnostics } = fillTemplate(source, join(shown, name), values);
    errors.push(...diagnostics.map((each) => formatDiagnostic(each, source)));
    fragments.set(name.slice(0, -SUFFIX.length), text);
  }
  const own = valuesOf([...POSITIVE, "acceptProxy"]);
  for (const name of POSITIVE) {
    const value = own.get(name) ?? "";
    if (value === "" || /^[1-9][0-9]{0,8}$/.test(value)) continue;
    errors.push(`${pod}_${name} is "${value}", but must be a number above 0, or empty`);
  }
  if (errors.length > 0) {
    throw new UserError(`Cannot fill the templates of "${pod}":\n${errors.join("\n")}`, {
      hint: `correct ${PROJECT_FILES.variables} or ${shown}`,
    });
  }
  const adminPort = Number(own.get("adminPort") || 32765);
  return { fragments, options: { adminPort, acceptProxy: own.get("acceptProxy") === "true" } };
}
