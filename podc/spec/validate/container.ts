/** `containers` of a pod. */
import type { Container, Expose } from "../pod_spec.ts";
import { show } from "../reporter.ts";
import { list, words } from "../schema/list.ts";
import { type DraftOf, object, optional, required } from "../schema/object.ts";
import { oneOf, refuse, scalar } from "../schema/scalars.ts";
import type { Found } from "../schema/schema.ts";
import type { Context } from "./context.ts";
import { ENV, refuseCrlf, toEnv } from "./env.ts";
import { EXPOSE, type ExposeDraft, toExpose } from "./expose.ts";
import { checkImageTag, IMAGE } from "./image.ts";
import { CONTAINER_LIMITS, toContainerLimits } from "./container_limits.ts";
import { checkDests, MOUNTS, toMounts } from "./mounts.ts";
import { name } from "./name.ts";
import { STARTUP_PROBE_FIELD } from "./probes.ts";
import { toUnitParts, UNIT_FIELDS } from "./unit.ts";
import { warnOfUnit } from "./unit_warnings.ts";

const CONTAINER = object({
  name: required(
    name(),
    "Name of the container, unique in its pod",
    "web",
    "<name of the container>",
  ),
  image: required(
    IMAGE,
    "Image to run, with its registry and tag",
    "docker.io/library/nginx:1.27",
    "example.com/team/name:1.2",
  ),
  command: optional(words(), "Program and arguments, instead of the image's entrypoint", [
    "nginx",
    "-g",
    "daemon off;",
  ]),
  args: optional(words(), "Arguments behind the entrypoint or command", ["--verbose"]),
  workingDir: optional(
    scalar({ type: "string", pattern: "^/" }, parseWorkingDir),
    "Directory in the container to start in",
    "/srv/app",
  ),
  env: optional(ENV, "Environment variables", [{ name: "GREETING", value: "it's $5 & more" }]),
  ...UNIT_FIELDS,
  startupProbe: STARTUP_PROBE_FIELD,
  network: optional(
    oneOf(["pod", "host"], { empty: "pod" }),
    "host: use the host's network instead of the pod's",
    "host",
  ),
  mounts: optional(MOUNTS, "Volumes of the pod in the container", [
    { volume: "data", dest: "/var/lib/data" },
  ]),
  expose: optional(EXPOSE, "Ports of the container", [{ hostPort: 8080, targetPort: 80 }]),
  ...CONTAINER_LIMITS,
}, {
  instead: {
    ports: "did you mean expose?",
    environment: "did you mean env?",
    entrypoint: "did you mean command?",
    cmd: "did you mean command, or args?",
    volumes: "did you mean mounts? Volumes are declared for the whole pod",
    volumeMounts: "did you mean mounts?",
    restartPolicy: "did you mean restart?",
    workdir: "did you mean workingDir?",
    hostPort: "hostPort is a key of expose entries, one level below",
    targetPort: "targetPort is a key of expose entries, one level below",
    clusterPort: "clusterPort is a key of expose entries, one level below",
    ingress: "ingress is a key of expose entries, one level below",
    labels: "labels are given to the whole pod",
  },
});

export const CONTAINERS = list(CONTAINER);
export type ContainerDraft = DraftOf<typeof CONTAINER>;

function parseWorkingDir(path: string) {
  return path.startsWith("/")
    ? path
    : refuse(`is ${show(path)}, but must be an absolute path, beginning with /`);
}

/**
 * The container of a draft; `undefined` when something that it needs is missing or wrong.
 *
 * @param volumes the types of all volumes by name, those with errors included
 * @param signalled the names of containers that another one signals when it has started
 */
export function toContainer(
  { fields }: ContainerDraft,
  volumes: ReadonlyMap<string, string | undefined>,
  signalled: ReadonlySet<string>,
  context: Context,
): Container | undefined {
  checkImageTag(fields.image, context.reporter);
  if (fields.command?.value?.[0] === "") {
    context.reporter.error(fields.command.at, "the first word of command is empty");
  }
  const env = toEnv(fields.env, context);
  refuseCrlf(fields.env, context);
  const mounts = toMounts(fields.mounts, volumes, context);
  const expose = toExposeList({ fields }, context);
  const parts = toUnitParts(fields, context);
  const limits = toContainerLimits(fields, context);
  const places = [...items(fields.mounts), ...items(fields.tmpfs)];
  checkDests(places.map((place) => place.fields.dest), context.reporter);
  warnOfUnit(
    fields,
    signalled.has(fields.name?.value ?? "") ||
      mounts.some(({ volume }) => volumes.get(volume) === "config"),
    context.reporter,
  );
  const containerName = fields.name?.value;
  const image = fields.image?.value;
  if (containerName === undefined || image === undefined || expose === undefined) return undefined;
  const command = fields.command?.value ?? [];
  const workingDir = fields.workingDir?.value;
  return {
    name: containerName,
    image,
    ...(command.length === 0 ? {} : { command }),
    args: fields.args?.value ?? [],
    ...(workingDir === undefined ? {} : { workingDir }),
    env,
    ...parts,
    network: fields.network?.value ?? "pod",
    mounts,
    expose,
    ...limits,
  };
}

function items<T>(found: Found<readonly Found<T>[]> | undefined): T[] {
  return (found?.value ?? []).flatMap(({ value }) => value === undefined ? [] : [value]);
}

/** The entries that count: a container in the host's network has no ports to map. */
export function exposeDrafts({ fields }: Pick<ContainerDraft, "fields">): ExposeDraft[] {
  if (fields.network?.value === "host") return [];
  return items(fields.expose);
}

function toExposeList(
  draft: Pick<ContainerDraft, "fields">,
  { reporter }: Context,
): Expose[] | undefined {
  const { expose, network } = draft.fields;
  if (network?.value === "host" && expose?.value?.length) {
    const [first, last] = [expose.value[0]!.at, expose.value.at(-1)!.at];
    const end = { start: last.end - 1, end: last.end };
    const lines = [first, end].map((span) => reporter.line(span));
    const where = lines[0] === lines[1] ? `line ${lines[0]}` : `lines ${lines[0]} to ${lines[1]}`;
    reporter.warning(
      expose.key,
      `expose has no effect with network: host (${where} ignored)`,
      "the container opens its ports on the host itself",
    );
  }
  const entries = exposeDrafts(draft).map((entry) => toExpose(entry, "container", reporter));
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}
