/** Ramdisks around a pod's life: mounted before it starts, unmounted when it is stopped or removed. */
import { join } from "node:path/posix";
import type { PodCall } from "../../podc/mod.ts";
import type { Instance } from "../discovery.ts";
import { messageOf } from "../files.ts";
import type { ChildResult } from "../host/child.ts";
import type { Log } from "../log.ts";
import { parseRamdisks, type Ramdisk } from "../system/ramdisk.ts";

/** Mounts memory in a release's directory, which takes root: the system's daemon does it for a home's process. */
export interface RamdiskMounter {
  /** The directories `ramdisk/<name>` are there. What is mounted stays. */
  mount(instance: Instance, disks: readonly Ramdisk[]): Promise<void>;
  /** Unmounts all of the release; nothing to do is fine. */
  unmount(instance: Instance): Promise<void>;
}

export interface RamdiskDeps {
  readonly mounter: RamdiskMounter;
  readonly instance: Instance;
  readonly log: Log;
}

/**
 * Mounts what the pod asks for.
 *
 * @param call calls the pod
 * @throws when a ramdisk cannot be mounted: what belongs into memory must not come to lie on a disk
 */
export async function mountRamdisks(
  { mounter, instance, log }: RamdiskDeps,
  call: (call: PodCall) => Promise<ChildResult>,
): Promise<void> {
  const { code, stdout } = await call(["create-ramdisks", "--list"]);
  if (code !== 0) {
    // A program that speaks the Pod API may leave this action out.
    log("DEBUG", `Pod ${instance.id}: create-ramdisks --list ended with ${code}, so it has none`);
    return;
  }
  const disks = parseRamdisks(new TextDecoder().decode(stdout));
  if (disks.length === 0) return;
  for (const { name } of disks) {
    await Deno.mkdir(join(instance.dir, "ramdisk", name), { recursive: true, mode: 0o700 });
  }
  await mounter.mount(instance, disks);
}

/** Unmounts what is mounted; a failure is logged, the next command tries again. */
export async function unmountRamdisks({ mounter, instance, log }: RamdiskDeps): Promise<void> {
  try {
    await mounter.unmount(instance);
  } catch (error) {
    log("ERROR", `Pod ${instance.id}: cannot unmount its ramdisks: ${messageOf(error)}`);
  }
}
