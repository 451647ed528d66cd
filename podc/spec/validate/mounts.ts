/** `mounts` of a container. */
import { posix } from "node:path";
import { nearest } from "../nearest.ts";
import type { Mount } from "../pod_spec.ts";
import { show } from "../reporter.ts";
import { list } from "../schema/list.ts";
import { type DraftOf, object, required } from "../schema/object.ts";
import { refuse, scalar, text } from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";
import type { Context } from "./context.ts";

const MOUNT = object({
  volume: required(text(), "Name of a volume of this pod", "<name of a volume>"),
  dest: required(
    scalar({ type: "string", pattern: "^/" }, parseDest),
    "Absolute path in the container",
    "/path/in/the/container",
  ),
}, {
  later: ["readOnly"],
  instead: {
    name: "did you mean volume?",
    mountPath: "did you mean dest?",
    path: "did you mean dest?",
    target: "did you mean dest?",
    source: "did you mean volume?",
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

/** @param volumes the names of all volumes, those with errors included */
export function toMounts(
  found: Found<readonly Found<DraftOf<typeof MOUNT>>[]> | undefined,
  volumes: ReadonlySet<string>,
  { reporter }: Context,
): Mount[] {
  const seen = new Map<string, Found<string>>();
  return (found?.value ?? []).map(({ value }) => {
    const { volume, dest } = value?.fields ?? {};
    if (volume?.value !== undefined && !volumes.has(volume.value)) {
      const near = nearest(volume.value, volumes);
      reporter.error(
        volume.at,
        `there is no volume ${show(volume.value)}`,
        near === undefined ? "declare it under volumes: of the pod" : `did you mean ${near}?`,
      );
    }
    if (dest?.value !== undefined) {
      const normal = posix.resolve(dest.value);
      const first = seen.get(normal);
      if (first) {
        const message = `something is mounted at ${show(normal)} already, on ${
          reporter.place(first.at)
        }`;
        reporter.error(dest.at, message);
      } else seen.set(normal, dest);
    }
    return { volume: volume?.value ?? "", dest: dest?.value ?? "" };
  });
}
