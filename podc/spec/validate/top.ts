/** The top level of pod.yaml, and what concerns several of its sections. */
import type { YamlNode } from "../../source/yaml_node.ts";
import { isVersion } from "../names.ts";
import type { PodSpec, Volume } from "../pod_spec.ts";
import { show } from "../reporter.ts";
import { type DraftOf, object, optional, required, TOP_LEVEL } from "../schema/object.ts";
import { alternatives, oneOf, refuse, scalar } from "../schema/scalars.ts";
import { type ContainerDraft, CONTAINERS, exposeDrafts, toContainer } from "./container.ts";
import type { Context } from "./context.ts";
import { EXECUTABLE, executableExpose, toExecutable } from "./executable.ts";
import { LABELS, toLabels } from "./labels.ts";
import { checkStartupSignals, signalledBy, warnOfUnseenReadiness } from "./pod_checks.ts";
import { checkPortClashes } from "./ports.ts";
import { reportRepeated } from "./unique.ts";
import { toVolumes, type VolumeDraft, VOLUMES } from "./volumes.ts";

/** The versions of the Pod API that a pod.yaml may ask for; the last one is the present one. */
export const API_VERSIONS = ["1.0.0-beta1", "1.0.0-beta2", "1.0.0"] as const;

/** All of pod.yaml, as data. */
export const POD = object({
  api: required(scalar({ enum: API_VERSIONS }, parseApi), "Version of the Pod API", "1.0.0"),
  podVersion: required(
    scalar({ type: "string", pattern: "^[0-9]+(\\.[0-9]+){2}(-[a-z0-9.-]*)?$" }, parseVersion),
    "Version of this pod: three numbers, perhaps with a pre-release",
    "1.0.0",
  ),
  runtime: optional(
    oneOf(["podman", "executable"]),
    "podman (the default): containers; executable: a program on the host",
    "podman",
  ),
  updateOrder: optional(
    oneOf(["any", "start-first"]),
    "Order in which versions of this pod are exchanged on a host. start-first: others are stopped when this one is ready, has failed, or after 120 s; both must be able to run at the same time",
    "start-first",
  ),
  labels: optional(LABELS, "Labels of the podman pod", [{
    name: "com.example.team",
    value: "web",
  }]),
  volumes: optional(VOLUMES, "Volumes that the containers can mount", [{
    name: "data",
    type: "volume",
  }]),
  containers: optional(CONTAINERS, "The containers, in the order in which they are started", [{
    name: "web",
    image: "docker.io/library/nginx:1.27",
  }]),
  executable: optional(EXECUTABLE, "The program, for runtime: executable", {
    command: ["deno", "run", "server.ts"],
  }, {
    runtime: "executable",
  }),
}, {
  instead: {
    version: "did you mean podVersion?",
    apiVersion: "did you mean api?",
    services: "did you mean containers?",
    container: "did you mean containers?",
    volume: "did you mean volumes?",
    name: "a pod has the name of its directory, or the one given to podc",
    image: "image is a key of containers, one level below",
    command: "command is a key of containers or of executable, one level below",
    expose: "expose is a key of containers or of executable, one level below",
  },
});

type PodDraft = DraftOf<typeof POD>;

function parseApi(value: string) {
  return API_VERSIONS.some((each) => each === value)
    ? value
    : refuse(`is ${show(value)}, but must be ${alternatives(API_VERSIONS)}`);
}

function parseVersion(value: string) {
  if (isVersion(value)) return value;
  return refuse(
    `is ${show(value)}, but must be three numbers such as 1.2.3 or 1.2.3-rc.1`,
    isVersion(value.toLowerCase()) ? "write it in lowercase" : undefined,
  );
}

/** Checks a whole pod.yaml; `undefined` when an error was reported. */
export function validatePod(root: YamlNode, context: Context): PodSpec | undefined {
  const draft = POD.read(root, TOP_LEVEL, context.reporter);
  if (!draft) return undefined;
  const { fields } = draft;
  const executable = fields.runtime?.value === "executable";
  checkSections(draft, executable, context);
  const drafts = present(fields.volumes?.value);
  if (executable) checkExecutableVolumes(drafts, context);
  const volumes = toVolumes(drafts, context);
  const labels = toLabels(fields.labels, context);
  const main = executable
    ? executableOf(draft, context)
    : containersOf(present(fields.containers?.value), drafts, context);
  const [version, api] = [fields.podVersion?.value, fields.api?.value];
  if (fields.updateOrder && main?.kind === "executable-file") {
    context.reporter.warning(
      fields.updateOrder.key,
      "updateOrder has no effect beside file: the program is the pod",
      'the program itself says it, by "# updateOrder: start-first" in its first comment lines',
    );
  }
  const failed = context.reporter.findings.some((finding) => finding.severity === "error");
  if (failed || !main || version === undefined || api === undefined) return undefined;
  const startsFirst = fields.updateOrder?.value === "start-first";
  return {
    name: context.podName,
    version,
    api,
    labels,
    volumes: volumes as Volume[],
    ...(startsFirst ? { startsFirst } : {}),
    ...main,
  };
}

/** Sections of the other runtime. */
function checkSections({ fields }: PodDraft, executable: boolean, { reporter }: Context): void {
  const wrong = executable ? fields.containers : fields.executable;
  if (wrong && fields.runtime?.value !== undefined) {
    reporter.error(
      wrong.key,
      executable
        ? "containers cannot stand in a pod of runtime executable"
        : "executable cannot stand in a pod of runtime podman",
      `remove it, or change runtime on ${reporter.place(fields.runtime.key)}`,
    );
  } else if (wrong && !fields.runtime) {
    reporter.error(wrong.key, "executable needs runtime: executable");
  }
}

function checkExecutableVolumes(drafts: readonly VolumeDraft[], { reporter }: Context): void {
  for (const { fields: { type } } of drafts) {
    if (type?.value === undefined || type.value === "config") continue;
    reporter.error(
      type.at,
      `an executable cannot mount a volume of type ${type.value}`,
      "it sees the host's files; only volumes of type config make sense here",
    );
  }
}

function executableOf({ fields }: PodDraft, context: Context) {
  const draft = fields.executable?.value;
  if (!fields.executable) {
    const hint = "add executable: with command: [program, argument…] below it";
    context.reporter.error(fields.runtime?.at, "runtime executable without executable", hint);
  }
  if (!draft) return undefined;
  const hasConfig = present(fields.volumes?.value)
    .some((volume) => volume.fields.type?.value === "config");
  const result = toExecutable(draft, hasConfig, context);
  const ports = [{ name: context.podName, entries: executableExpose(draft) }];
  checkPortClashes(ports, context.reporter);
  return result;
}

function containersOf(
  drafts: readonly ContainerDraft[],
  volumes: readonly VolumeDraft[],
  context: Context,
) {
  const { reporter } = context;
  reportRepeated(drafts.map((draft) => draft.fields.name), "container", reporter);
  const types = new Map(
    volumes.flatMap(({ fields: { name, type } }) =>
      name?.value === undefined ? [] : [[name.value, type?.value] as const]
    ),
  );
  const signalled = signalledBy(drafts);
  const containers = drafts.map((draft) => toContainer(draft, types, signalled, context));
  checkStartupSignals(drafts, reporter);
  warnOfUnseenReadiness(drafts, reporter);
  checkPortClashes(
    drafts.map((draft) => ({
      name: draft.fields.name?.value ?? "",
      entries: exposeDrafts(draft),
    })),
    reporter,
  );
  warnOfUnusedVolumes(drafts, volumes, context);
  if (!containers.every((container) => container !== undefined)) return undefined;
  return { kind: "containers" as const, containers };
}

function warnOfUnusedVolumes(
  drafts: readonly ContainerDraft[],
  volumes: readonly VolumeDraft[],
  { reporter }: Context,
): void {
  const mounted = new Set(
    drafts.flatMap(({ fields }) =>
      present(fields.mounts?.value).map((mount) => mount.fields.volume?.value)
    ),
  );
  for (const { fields: { name } } of volumes) {
    if (name?.value === undefined || mounted.has(name.value)) continue;
    reporter.warning(name.at, `volume ${name.value} is not mounted by any container`);
  }
}

function present<T>(items: readonly { readonly value: T | undefined }[] | undefined): T[] {
  return (items ?? []).flatMap(({ value }) => value === undefined ? [] : [value]);
}
