/**
 * The logs that syncs leave in `_synclogs`, a file each: lines about the run as a whole, in the format
 * of log.txt, then a block per host.
 */
import { join } from "node:path";
import { type Cluster, PROJECT_FILES } from "./cluster.ts";
import { visibleNames } from "./files.ts";

/** What one sync did on hosts. */
export interface SyncLog {
  /** Unix seconds. */
  readonly time: number;
  /** The hosts' blocks as they stand in the file. */
  readonly hosts: readonly { readonly host: string; readonly text: string }[];
}

/** The syncs that did something on the hosts `wanted`, oldest first. */
export async function syncLogs(cluster: Cluster, wanted: readonly string[]): Promise<SyncLog[]> {
  const dir = join(cluster.root, PROJECT_FILES.syncLogs);
  const names = (await visibleNames(dir)).filter((name) => name.endsWith(".sync.log.txt"))
    .sort((a, b) => parseInt(a) - parseInt(b));
  const logs: SyncLog[] = [];
  for (const name of names) {
    const text = await Deno.readTextFile(join(dir, name));
    const hosts = text.split(/^(?=\[SYNC\] {2}Host: )/m)
      .map((block) => ({ host: /^\[SYNC\] {2}Host: (\S+)/.exec(block)?.[1] ?? "", text: block }))
      .filter(({ host }) => wanted.includes(host));
    if (hosts.length > 0) logs.push({ time: parseInt(name), hosts });
  }
  return logs;
}
