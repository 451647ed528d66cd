/** What a container may do and use, and where its image comes from. */
import type { Container } from "../pod_spec.ts";
import { show } from "../reporter.ts";
import { type Draft, optional } from "../schema/object.ts";
import { boolean, oneOf, refuse, scalar } from "../schema/scalars.ts";
import { capabilities, CAPABILITY_LIST, checkCapabilities } from "./capabilities.ts";
import type { Context } from "./context.ts";
import { RESOURCES, TMPFS, toResources, toTmpfs } from "./limits.ts";

export const CONTAINER_LIMITS = {
  pull: optional(
    oneOf(["missing", "always", "never"]),
    "When the image is pulled before a start: missing (the default), always or never",
    "always",
  ),
  user: optional(
    scalar({ type: ["string", "integer"] }, parseUser),
    "User, and behind a colon group, that it runs as: names of the image, or numbers",
    "1000:1000",
  ),
  readOnly: optional(
    boolean(),
    "true: it can write to its mounts and tmpfs and to /tmp, /var/tmp and /run only",
    true,
  ),
  capAdd: optional(CAPABILITY_LIST, "Capabilities that it gets", ["NET_ADMIN"]),
  capDrop: optional(CAPABILITY_LIST, "Capabilities that it loses; ALL for all", ["ALL"]),
  tmpfs: optional(TMPFS, "Empty directories in memory", [{ dest: "/cache", size: "64M" }]),
  resources: optional(RESOURCES, "Limits", { cpus: 0.5, memory: "256M", pids: 100 }),
};

function parseUser(text: string) {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(text)
    ? text
    : refuse(`is ${show(text)}, but must be a user such as app, 1000 or 1000:1000`);
}

/** What the keys of this file say; absent what is the default. */
export function toContainerLimits(
  fields: Draft<typeof CONTAINER_LIMITS>,
  { reporter }: Context,
): Pick<Container, keyof typeof CONTAINER_LIMITS> {
  checkCapabilities(fields.capAdd, fields.capDrop, reporter);
  const { pull, user, readOnly } = fields;
  const capAdd = capabilities(fields.capAdd);
  const capDrop = capabilities(fields.capDrop);
  const tmpfs = toTmpfs(fields.tmpfs);
  const resources = toResources(fields.resources);
  return {
    ...(pull?.value === undefined ? {} : { pull: pull.value }),
    ...(user?.value === undefined ? {} : { user: user.value }),
    ...(readOnly?.value ? { readOnly: true } : {}),
    ...(capAdd.length === 0 ? {} : { capAdd }),
    ...(capDrop.length === 0 ? {} : { capDrop }),
    ...(tmpfs.length === 0 ? {} : { tmpfs }),
    ...(resources && { resources }),
  };
}
