/** The golden cases of the ingress, and what is made of one. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatHaproxyCfg } from "../../cli/ingress/haproxy_cfg.ts";
import { parseIngressConf } from "../../cli/ingress/ingress_conf.ts";
import { planIngress, type RuleSource } from "../../cli/ingress/plan.ts";
import { fillTemplates, type Templates } from "../../cli/ingress/templates.ts";
import { OFFICIAL_PODS } from "../../pods/mod.ts";

const ROOT = fileURLToPath(new URL("../fixtures/ingress", import.meta.url));

/** A directory with `<pod>-<version>[-more].conf` files and `expected/`. */
export interface IngressCase {
  readonly name: string;
  readonly path: string;
}

export function ingressCases(): IngressCase[] {
  const names = [...Deno.readDirSync(ROOT)].map(({ name }) => name).sort();
  return names.map((name) => ({ name, path: join(ROOT, name) }));
}

/** The templates of the official pod; `env` is the content of cluster-vars.env. */
export function officialTemplates(env: Readonly<Record<string, string>> = {}): Templates {
  const files = [...OFFICIAL_PODS.get("ingress")!.configs].flatMap(([path, text]) =>
    path.startsWith("_tpl/") ? [[path.slice("_tpl/".length), text] as const] : []
  );
  return fillTemplates(new Map(files), "ingress", new Map(Object.entries(env)));
}

/** Without the templates, so that a case shows what is special to it. */
const BARE: Templates = {
  fragments: new Map(),
  options: { adminPort: 32765, acceptProxy: false },
};

export interface CaseOutput {
  /** Empty when there are errors. */
  readonly cfg: string;
  /** All errors and warnings, a line each. */
  readonly messages: string;
}

/**
 * What is made of a case, with the templates of the official pod for the case `whole` and, when asked for,
 * for all.
 *
 * @param change what to do with the list of files first, to show that their order makes no difference
 */
export function generateCase(
  { name, path }: IngressCase,
  templates: Templates = name === "whole" ? officialTemplates() : BARE,
  change: (sources: RuleSource[]) => RuleSource[] = (sources) => sources,
): CaseOutput {
  const messages: string[] = [];
  let wrong = false;
  const files = [...Deno.readDirSync(path)].filter((entry) => entry.isFile).map(({ name }) => name);
  const sources = files.sort().map((file): RuleSource => {
    const [, pod = "", version = ""] = /^([a-z0-9_]+)-([0-9]+\.[0-9]+\.[0-9]+)/.exec(file) ?? [];
    const shown = `${pod}:${version}@h1 pod.ingress.conf`;
    const { rules, problems } = parseIngressConf(Deno.readTextFileSync(join(path, file)));
    for (const { severity, line, message } of problems) {
      messages.push(`${severity}: ${shown}:${line}: ${message}`);
      wrong ||= severity === "error";
    }
    return { pod, version, file: shown, rules };
  });
  const plan = planIngress(change(sources), {
    excluded: new Set([61099]),
    reserved: new Map([[templates.options.adminPort, "the ingress itself"]]),
  });
  messages.push(...plan.errors.map((text) => `error: ${text}`));
  messages.push(...plan.warnings.map((text) => `warning: ${text}`));
  wrong ||= plan.errors.length > 0;
  return {
    cfg: wrong ? "" : formatHaproxyCfg(plan, templates.fragments, templates.options),
    messages: messages.map((line) => `${line}\n`).join(""),
  };
}
