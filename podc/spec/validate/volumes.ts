/** `volumes`: what containers can mount. */
import { posix } from "node:path";
import { isConfigName, isPodName } from "../names.ts";
import { nearest } from "../nearest.ts";
import type { Volume } from "../pod_spec.ts";
import { show } from "../reporter.ts";
import { list } from "../schema/list.ts";
import { type DraftOf, object, optional, required } from "../schema/object.ts";
import { boolean, oneOf, textThat } from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";
import type { Context } from "./context.ts";
import { name } from "./name.ts";
import { MIB, size } from "./size.ts";
import { reportRepeated } from "./unique.ts";

const TYPES = ["volume", "host", "config", "ramdisk"] as const;
const SHARED = ["no", "pod", "host"] as const;

const VOLUME = object({
  name: required(
    name(isConfigName),
    "Name that mounts refer to; that of a config may begin with _",
    "data",
    "<name that mounts refer to>",
  ),
  type: required(
    oneOf(TYPES),
    "volume (kept by podman), host (a path on the host), config (config/<name> beside the pod) " +
      "or ramdisk (memory, gone with the pod)",
    "volume",
    "volume, host, config or ramdisk",
  ),
  shared: optional(
    oneOf(SHARED, { empty: "no" }),
    "Who sees a volume: this version only (no, the default), all versions (pod), all pods (host)",
    "pod",
  ),
  bind: optional(
    textThat((path) => path !== "", "a path"),
    "Path on the host, for type host; relative ones begin at the directory of pod.yaml",
    "./html",
    { type: "host" },
  ),
  size: optional(size(["M", "G"]), "Size of a ramdisk, such as 10M; 1M", "10M", {
    type: "ramdisk",
  }),
  encrypted: optional(boolean(), "Whether a config is encrypted; not supported yet", false, {
    type: "config",
  }),
}, { instead: { path: "did you mean bind?", hostPath: "did you mean bind?" } });

export const VOLUMES = list(VOLUME);

export type VolumeDraft = DraftOf<typeof VOLUME>;
type Fields = VolumeDraft["fields"];

export function toVolumes(drafts: readonly VolumeDraft[], context: Context): Volume[] {
  reportRepeated(drafts.map((draft) => draft.fields.name), "volume", context.reporter);
  return drafts.flatMap((draft) => toVolume(draft, context) ?? []);
}

function toVolume({ fields, at }: VolumeDraft, context: Context): Volume | undefined {
  const { reporter } = context;
  checkKeysOfType(fields, context);
  const name = fields.name?.value;
  const type = fields.type?.value;
  if (fields.encrypted?.value) {
    reporter.error(fields.encrypted.at, "encrypted configs are not supported yet in this version");
  }
  if (name === undefined || type === undefined) return undefined;
  if (type !== "config" && !isPodName(name)) {
    const message = `name is ${show(name)}, but only a volume of type config may begin with _`;
    reporter.error(fields.name!.at, message);
  }
  switch (type) {
    case "volume":
      return { type, name, shared: fields.shared?.value ?? "no" };
    case "config":
      checkConfig(name, fields.name!, context);
      return { type, name };
    case "ramdisk":
      return { type, name, sizeMiB: (fields.size?.value ?? MIB) / MIB };
    case "host":
      if (fields.bind) return { type, name, bind: toBind(fields.bind, context) };
      reporter.error(at, `volume ${name} of type host has no bind`, "add bind: <path on the host>");
      return undefined;
  }
}

/** Keys that belong to another type of volume. */
function checkKeysOfType(fields: Fields, { reporter }: Context): void {
  const type = fields.type?.value;
  if (type === undefined) return;
  const owners = [["shared", "volume"], ["bind", "host"], ["encrypted", "config"], [
    "size",
    "ramdisk",
  ]] as const;
  for (const [key, owner] of owners) {
    const found = fields[key];
    if (found && type !== owner && found.value !== false) {
      reporter.error(
        found.key,
        `${key} is for volumes of type ${owner}, this one is of type ${type}`,
      );
    }
  }
}

function checkConfig(name: string, found: Found<string>, { configs, reporter }: Context): void {
  if (configs.has(name)) return;
  const near = nearest(name, configs);
  reporter.error(
    found.at,
    `there is no directory config/${name} for this config`,
    near === undefined
      ? "make the directory config/" + name + " beside the compiled pod"
      : `did you mean ${near}?`,
  );
}

function toBind(found: Found<string>, { baseDir, reporter }: Context): string {
  const path = found.value ?? "";
  if (/[:\p{Cc}]/u.test(path)) {
    const what = path.includes(":") ? 'a ":"' : "a control character";
    reporter.error(found.at, `bind has ${what}, which podman cannot mount`);
  }
  if (path === "~" || path.startsWith("~/")) {
    reporter.warning(
      found.at,
      'bind begins with "~", which is taken literally',
      "write the whole path, or use a variable",
    );
  }
  return posix.resolve(baseDir, path);
}
