/** `resources` and `tmpfs` of a container. */
import type { Resources, Tmpfs } from "../pod_spec.ts";
import { show } from "../reporter.ts";
import { list } from "../schema/list.ts";
import { type DraftOf, object, optional, required } from "../schema/object.ts";
import { integer, refuse, scalar } from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";
import { DEST } from "./mounts.ts";
import { MIB, size } from "./size.ts";

export const RESOURCES = object({
  cpus: optional(
    scalar({ type: "number", minimum: 0.01, maximum: 9999 }, parseCpus),
    "Processor cores it may use, such as 0.5",
    0.5,
  ),
  memory: optional(size(["K", "M", "G"]), "Memory it may use, such as 256M or 2G", "256M"),
  pids: optional(integer(1, 4_194_304), "Processes and threads it may have", 100),
}, {
  instead: {
    cpu: "did you mean cpus?",
    limits: "write cpus, memory and pids right below resources",
    requests: "there are limits only: cpus, memory and pids",
  },
});

const TMPFS_ENTRY = object({
  dest: required(DEST, "Absolute path in the container", "/tmp", "/path/in/the/container"),
  size: optional(size(["M", "G"]), "Largest size, such as 64M; half of the memory", "64M"),
}, { instead: { path: "did you mean dest?", target: "did you mean dest?" } });

export const TMPFS = list(TMPFS_ENTRY);

function parseCpus(text: string) {
  const cpus = /^[0-9]{1,4}(\.[0-9]{1,2})?$/.test(text) ? Number(text) : 0;
  return cpus > 0
    ? cpus
    : refuse(`is ${show(text)}, but must be a number from 0.01 to 9999, such as 0.5`);
}

/** The limits of a draft; `undefined` when there are none. */
export function toResources(
  found: Found<DraftOf<typeof RESOURCES>> | undefined,
): Resources | undefined {
  const { cpus, memory, pids } = found?.value?.fields ?? {};
  const limits = {
    ...(cpus?.value === undefined ? {} : { cpus: cpus.value }),
    ...(memory?.value === undefined ? {} : { memoryBytes: memory.value }),
    ...(pids?.value === undefined ? {} : { pids: pids.value }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}

export type TmpfsItems = readonly Found<DraftOf<typeof TMPFS_ENTRY>>[];

export function toTmpfs(found: Found<TmpfsItems> | undefined): Tmpfs[] {
  return (found?.value ?? []).map(({ value }) => {
    const size = value?.fields.size?.value;
    return {
      dest: value?.fields.dest?.value ?? "",
      ...(size === undefined ? {} : { sizeMiB: size / MIB }),
    };
  });
}
