/** Removing what hosts do not need any more. */
import { hostname } from "node:os";
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import type { HostDir } from "../project/host.ts";
import { userName } from "../project/log.ts";
import { REMOTE_PROGRAMS } from "../remote/programs.ts";
import { acquireLock, newToken, releaseLock, withHeartbeat } from "./lock.ts";

/** A removed release on a host. */
export interface PrunedRelease {
  readonly host: string;
  readonly pod: string;
  readonly version: string;
  /** `removable`: it would be pruned. */
  readonly result: "removable" | "pruned" | "kept";
  readonly kilobytes?: number;
  /** Why it is kept. */
  readonly reason?: string;
}

const TIMEOUT_MS = 300_000;

/** What could be pruned on a host; changes nothing. */
export async function lookForPrunable(deps: Deps, host: HostDir): Promise<PrunedRelease[]> {
  return await callPrune(deps, host, ["no"]);
}

/**
 * Removes the releases of a host that are in state removed and have ended, under the host's lock.
 *
 * @param volumes removes the volumes of these releases, too
 */
export async function pruneHost(
  deps: Deps,
  host: HostDir,
  volumes: boolean,
): Promise<PrunedRelease[]> {
  const { hostHome } = host.env;
  const owner = {
    token: newToken(deps.random),
    user: userName(deps.env),
    machine: hostname(),
  };
  const lock = await acquireLock(deps.connect(host), hostHome, owner, deps.signal);
  try {
    const args = [volumes ? "yes" : "no", lock.token, String(lock.fence)];
    return await withHeartbeat(lock, () => callPrune(deps, host, args));
  } finally {
    await releaseLock(lock);
  }
}

async function callPrune(
  deps: Deps,
  host: HostDir,
  args: readonly string[],
): Promise<PrunedRelease[]> {
  const { code, stdout, stderr } = await deps.connect(host).run({
    script: REMOTE_PROGRAMS.prune,
    args: [host.env.hostHome, ...args],
    timeoutMs: TIMEOUT_MS,
    signal: deps.signal,
  });
  const releases = parsePruned(host.name, new TextDecoder().decode(stdout));
  if (code === 0) return releases;
  const kept = releases.filter(({ result }) => result === "kept")
    .map(({ pod, version, reason }) => `\n${pod}:${version}: ${reason}`);
  throw new UserError(`Cannot prune host "${host.name}": ${stderr.trim()}${kept.join("")}`);
}

/** Reads the lines that prune.sh prints. */
export function parsePruned(host: string, text: string): PrunedRelease[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [result = "", pod = "", version = "", ...rest] = line.split(" ");
    const base = { host, pod, version, result: result as PrunedRelease["result"] };
    return result === "kept"
      ? { ...base, reason: rest.join(" ") }
      : { ...base, kilobytes: Number(rest[0]) };
  });
}
