/** Which pods are attached to a host: those whose `pods/<pod>/log.txt` exists. */
import { join } from "node:path";
import type { HostDir } from "./host.ts";
import { statIfPresent, visibleNames, writeFileAtomic } from "./files.ts";
import { appendLog, type LogStamp, unixSeconds } from "./log.ts";

/** The directory of an attached pod in the project. */
export function podDir(host: HostDir, pod: string): string {
  return join(host.dir, "pods", pod);
}

/** Whether `pod` is attached to `host`. */
export async function isAttached(host: HostDir, pod: string): Promise<boolean> {
  return await statIfPresent(join(podDir(host, pod), "log.txt")) !== undefined;
}

/** Names of the pods attached to `host`, sorted. */
export async function attachedPods(host: HostDir): Promise<string[]> {
  const names = await visibleNames(join(host.dir, "pods"), (entry) => entry.isDirectory);
  const attached: string[] = [];
  for (const name of names) if (await isAttached(host, name)) attached.push(name);
  return attached;
}

/** Attaches `pod`; `url` is the git remote of its source when it has one. */
export async function attachPod(
  host: HostDir,
  pod: string,
  url: string | undefined,
  stamp: LogStamp,
): Promise<void> {
  const dir = podDir(host, pod);
  await Deno.mkdir(dir, { recursive: true });
  if (url !== undefined) await writeFileAtomic(join(dir, "git.url"), `${url}\n`);
  await appendLog(join(dir, "log.txt"), "ATTACHED", stamp);
}

/**
 * Detaches `pod`: its directory stays under a name with a dot and the time, for recovery.
 *
 * @returns the new name
 */
export async function detachPod(host: HostDir, pod: string, stamp: LogStamp): Promise<string> {
  const dir = podDir(host, pod);
  await appendLog(join(dir, "log.txt"), "DETACHED", stamp);
  return await retire(join(host.dir, "pods"), pod, stamp.now);
}

/** Renames `parent/name` to `parent/.<name>.<unixts>`, and a later second when that is taken. */
export async function retire(parent: string, name: string, now: Date): Promise<string> {
  for (let seconds = unixSeconds(now);; seconds++) {
    const retired = `.${name}.${seconds}`;
    if (await statIfPresent(join(parent, retired))) continue;
    await Deno.rename(join(parent, name), join(parent, retired));
    return retired;
  }
}
