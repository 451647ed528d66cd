/** Which configuration the ingress pods really run. */
import type { Deps } from "../deps.ts";
import type { Release } from "../project/release.ts";
import { callPods } from "../remote/pod_calls.ts";

const TIMEOUT_MS = 20_000;

/** What one ingress pod said. */
export interface ServedConfig {
  readonly release: Release;
  /** Id of the configuration that its HAProxy runs; absent when it did not say. */
  readonly id?: string;
  /** Why it did not. */
  readonly error?: string;
}

/**
 * Asks the HAProxy of each of `releases`, which are of an ingress pod, for the id of its configuration;
 * compare it with `configId` of the haproxy.cfg that they should run. Results in the order of the releases.
 */
export async function askServedConfigs(
  deps: Deps,
  releases: readonly Release[],
): Promise<ServedConfig[]> {
  const ask = ["shell", "-c", "haproxy", "--", "sh", "/mnt/bin/served.sh"];
  const results = await callPods(deps, releases, "podCall", ask, { timeoutMs: TIMEOUT_MS });
  return results.map(({ release, code, stdout, stderr }): ServedConfig => {
    const id = stdout.trim();
    if (code === 0 && /^[0-9a-f]{16}$/.test(id)) return { release, id };
    return { release, error: stderr.trim() || `unexpected answer ${JSON.stringify(id)}` };
  });
}
