/** The values that a pod.yaml's variables get when it is compiled for a cluster. */

/** Ports that sns hands out, by name. */
const AUTO_PORT = /^(HOSTPORTAUTO|CLUSTERPORTAUTO)/;
const GLOBAL = /^[A-Z0-9_]+$/;

/** What a name in `${…}` stands for. */
export type VariableKind =
  | { readonly kind: "podVersion" }
  | { readonly kind: "hostPort" | "clusterPort" }
  /** `optional`: an undefined one is empty. */
  | { readonly kind: "value"; readonly key: string; readonly optional: boolean };

/** Says where the value of the variable `name` of `pod` comes from. */
export function variableKind(name: string, pod: string): VariableKind {
  if (name === "podVersion") return { kind: "podVersion" };
  const auto = AUTO_PORT.exec(name);
  if (auto) return { kind: auto[1] === "HOSTPORTAUTO" ? "hostPort" : "clusterPort" };
  if (name.startsWith("_")) return { kind: "value", key: name, optional: true };
  if (GLOBAL.test(name)) return { kind: "value", key: name, optional: name === "DEVMODE" };
  return { kind: "value", key: `${pod}_${name}`, optional: false };
}

export interface ResolvedVariables {
  /** Values by the names that pod.yaml uses, without podVersion and the assigned ports. */
  readonly values: ReadonlyMap<string, string>;
  /** Names without a value, with the key that would give them one. */
  readonly missing: readonly { readonly name: string; readonly key: string }[];
  readonly hostPorts: readonly string[];
  readonly clusterPorts: readonly string[];
}

/**
 * Sorts the variables `names` of `pod` by what they need.
 *
 * @param env the content of cluster-vars.env; values are taken literally
 */
export function resolveVariables(
  names: readonly string[],
  pod: string,
  env: ReadonlyMap<string, string>,
): ResolvedVariables {
  const values = new Map<string, string>();
  const missing: { name: string; key: string }[] = [];
  const hostPorts: string[] = [];
  const clusterPorts: string[] = [];
  for (const name of names) {
    const variable = variableKind(name, pod);
    if (variable.kind === "hostPort") hostPorts.push(name);
    if (variable.kind === "clusterPort") clusterPorts.push(name);
    if (variable.kind !== "value") continue;
    const value = env.get(variable.key) ?? (variable.optional ? "" : undefined);
    if (value === undefined) missing.push({ name, key: variable.key });
    else values.set(name, value);
  }
  return { values, missing, hostPorts, clusterPorts };
}
