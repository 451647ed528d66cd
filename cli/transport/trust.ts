/** Recording host keys, after somebody has looked at their fingerprints. */
import { join } from "node:path";
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import type { Cluster } from "../project/cluster.ts";
import type { Connections } from "./connections.ts";
import { knownHostsPath } from "./host_keys.ts";
import { fingerprint, keyType } from "./known_hosts.ts";
import type { Hop, Route } from "./route.ts";

export interface TrustOptions {
  /** Accept keys of hosts that are not known yet without asking. */
  readonly yes: boolean;
  /** `SHA256:…`: accept the host's key when this is its fingerprint, and no other. */
  readonly fingerprint?: string;
}

/** The key of one machine on the way. */
export interface TrustedKey {
  readonly name: string;
  readonly address: string;
  readonly type: string;
  readonly fingerprint: string;
  /** What was known of it before. */
  readonly was: "known" | "unknown" | "changed";
}

/**
 * Records the keys of a host and of the jump hosts before it that are not recorded yet.
 *
 * @param name directory of the host in the project
 * @throws {UserError} when a machine is not reached, or its key is not accepted
 */
export async function trustHost(
  deps: Deps,
  cluster: Cluster,
  name: string,
  options: TrustOptions,
): Promise<TrustedKey[]> {
  const connections = await deps.ssh();
  const route = await connections.route(join(cluster.root, name));
  const trusted: TrustedKey[] = [];
  for (let length = 1; length <= route.length; length++) {
    const part = route.slice(0, length) as [Hop, ...Hop[]];
    const own = length === route.length ? options : { yes: options.yes };
    trusted.push(await trustLast(deps, connections, cluster.root, part, name, own));
  }
  return trusted;
}

async function trustLast(
  deps: Deps,
  connections: Connections,
  root: string,
  route: Route,
  target: string,
  options: TrustOptions,
): Promise<TrustedKey> {
  const hop = route.at(-1)!;
  const keys = await connections.hostKeys(root);
  const key = await connections.showHostKey(route, root, target);
  const verdict = keys.judge(hop, key);
  const shown = fingerprint(key);
  const address = `${hop.address}:${hop.port}`;
  const refuse = (why: string, hint?: string): never => {
    const cause = `Cannot trust "${hop.name}" (${address}): ${why}`;
    throw new UserError(cause, hint === undefined ? {} : { hint });
  };
  if (verdict.kind === "revoked") {
    return refuse(`its key is revoked: ${shown} (${keys.places(verdict.recorded)})`);
  }
  if (options.fingerprint !== undefined && options.fingerprint !== shown) {
    return refuse(`its key is ${keyType(key)} ${shown}, not ${options.fingerprint}`);
  }
  const result = { name: hop.name, address, type: keyType(key), fingerprint: shown };
  if (verdict.kind === "known") return { ...result, was: "known" };
  if (verdict.kind === "changed") {
    deps.log.warn(
      `The key of "${hop.name}" (${address}) has CHANGED. Recorded: ${
        keys.places(verdict.recorded)
      }`,
    );
  }
  deps.log.info(`"${hop.name}" (${address}) shows the key ${keyType(key)} ${shown}`);
  const accepted = options.fingerprint !== undefined || options.yes && verdict.kind === "unknown";
  if (!accepted && !await confirmed(deps, verdict.kind === "changed")) {
    refuse(
      "nobody accepted its key",
      verdict.kind === "changed" || !options.yes
        ? `compare it on the host, then: sns host trust ${hop.name} --fingerprint ${shown}`
        : undefined,
    );
  }
  await keys.record(hop, key);
  deps.log.ok(`Recorded the key of "${hop.name}" in ${knownHostsPath(root)}`);
  return { ...result, was: verdict.kind };
}

async function confirmed(deps: Deps, changed: boolean): Promise<boolean> {
  const question = changed
    ? "Replace the recorded key by it? (yes/no) "
    : "Is that the host's own key? (yes/no) ";
  return (await deps.ask(question, { secret: false }))?.trim().toLowerCase() === "yes";
}
