/** `mounts` of a container. */
import { posix } from "node:path";
import { nearest } from "../nearest.ts";
import type { Mount } from "../pod_spec.ts";
import { type Reporter, show } from "../reporter.ts";
import { list } from "../schema/list.ts";
import { type DraftOf, object, optional, required } from "../schema/object.ts";
import { boolean, refuse, scalar, text } from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";
import type { Context } from "./context.ts";

/** Where something stands in a container. */
export const DEST = scalar({ type: "string", pattern: "^/" }, parseDest);

const MOUNT = object({
  volume: required(text(), "Name of a volume of this pod", "data", "<name of a volume>"),
  dest: required(
    DEST,
    "Absolute path in the container",
    "/var/lib/data",
    "/path/in/the/container",
  ),
  readOnly: optional(
    boolean(),
    "Whether the container may only read there; configs can only be read in any case",
    true,
  ),
}, {
  instead: {
    name: "did you mean volume?",
    mountPath: "did you mean dest?",
    path: "did you mean dest?",
    target: "did you mean dest?",
    source: "did you mean volume?",
    ro: "did you mean readOnly?",
    options: "the only option is readOnly: true",
  },
});

export const MOUNTS = list(MOUNT);

function parseDest(path: string) {
  if (!path.startsWith("/")) {
    return refuse(`is ${show(path)}, but must be an absolute path, beginning with /`);
  }
  if (/[:\p{Cc}]/u.test(path)) {
    return refuse(
      `has ${path.includes(":") ? 'a ":"' : "a control character"}`,
      "podman cannot mount there",
    );
  }
  return posix.normalize(path) === "/" ? refuse("is the root of the container itself") : path;
}

export type MountItems = readonly Found<DraftOf<typeof MOUNT>>[];

/** @param volumes the types of all volumes by name, those with errors included */
export function toMounts(
  found: Found<MountItems> | undefined,
  volumes: ReadonlyMap<string, string | undefined>,
  { reporter }: Context,
): Mount[] {
  return (found?.value ?? []).map(({ value }) => {
    const { volume, dest, readOnly } = value?.fields ?? {};
    if (volume?.value !== undefined && !volumes.has(volume.value)) {
      const near = nearest(volume.value, volumes.keys());
      reporter.error(
        volume.at,
        `there is no volume ${show(volume.value)}`,
        near === undefined ? "declare it under volumes: of the pod" : `did you mean ${near}?`,
      );
    }
    if (readOnly?.value === false && volumes.get(volume?.value ?? "") === "config") {
      const hint = "use a volume of type volume or ramdisk for what it writes";
      reporter.error(readOnly.at, "readOnly: false for a config, which can only be read", hint);
    }
    return {
      volume: volume?.value ?? "",
      dest: dest?.value ?? "",
      ...(readOnly?.value ? { readOnly: true } : {}),
    };
  });
}

/** Reports places in one container that are taken twice, by mounts or a tmpfs. */
export function checkDests(
  dests: readonly (Found<string> | undefined)[],
  reporter: Reporter,
): void {
  const seen = new Map<string, Found<string>>();
  for (const dest of dests) {
    if (dest?.value === undefined) continue;
    const normal = posix.resolve(dest.value);
    const first = seen.get(normal);
    if (first) {
      const place = reporter.place(first.at);
      reporter.error(dest.at, `something is mounted at ${show(normal)} already, on ${place}`);
    } else seen.set(normal, dest);
  }
}
