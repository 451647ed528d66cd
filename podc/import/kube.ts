/** A Kubernetes Pod, or the pod template of a workload, to a pod. */
import { type Draft, type Fields, ImportError, type Item, Names, type Value } from "./draft.ts";
import { KubeVolumes } from "./kube_volumes.ts";
import { kubeProbe } from "./kube_probe.ts";
import { type Dict, dictOf, isDict, Reader, show, textOf, textsOf } from "./read.ts";
import { sizeOf } from "./units.ts";

const TEMPLATES = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"];
const PULL: Readonly<Record<string, string>> = {
  Always: "always",
  IfNotPresent: "missing",
  Never: "never",
};
const RESTART: Readonly<Record<string, string>> = {
  Always: "always",
  OnFailure: "on-failure",
  Never: "never",
};
/** What says nothing that matters here. */
const NOT_NEEDED = [
  ...["dnsPolicy", "schedulerName", "securityContext", "serviceAccount", "serviceAccountName"],
  ...["automountServiceAccountToken", "enableServiceLinks", "imagePullSecrets"],
];
const CONTAINER_NOT_NEEDED = ["terminationMessagePath", "terminationMessagePolicy"];

/** Whether one of the documents is something that {@link importKube} can import. */
export function isKube(documents: readonly unknown[]): boolean {
  return documents.some((each) => isDict(each) && templateOf(each) !== undefined);
}

function templateOf(object: Dict): Dict | undefined {
  if (object.kind === "Pod") return object;
  const spec = isDict(object.spec) ? object.spec : {};
  if (object.kind === "CronJob" && isDict(spec.jobTemplate)) {
    return templateOf({ ...spec.jobTemplate, kind: "Job" });
  }
  const known = TEMPLATES.includes(String(object.kind)) && isDict(spec.template);
  return known ? spec.template as Dict : undefined;
}

/**
 * Makes a draft of the first workload among the documents of a file.
 *
 * @throws {ImportError} when that has no containers, or is not what a workload can be.
 */
export function importKube(documents: readonly unknown[]): Draft {
  const objects = documents.filter(isDict);
  const workload = objects.find((each) => templateOf(each) !== undefined);
  if (!workload) throw new ImportError("there is no Pod, Deployment or other workload in it");
  const where = `${workload.kind}.spec`;
  const spec = new Reader(dictOf(templateOf(workload)!.spec, where), where);
  const draft: Draft = { notes: [], volumes: [], containers: [] };
  remarks(workload, objects, draft.notes);
  const volumes = new KubeVolumes(spec.list("volumes"), draft.volumes, draft.notes, objects);
  const names = new Names();
  const host = spec.take("hostNetwork") === true ? "host" : undefined;
  const policy = RESTART[spec.text("restartPolicy") ?? "Always"];
  const grace = spec.text("terminationGracePeriodSeconds");
  const stopTimeout = grace === undefined ? undefined : Number(grace);
  for (const init of spec.list("initContainers")) {
    const reader = new Reader(dictOf(init, `${where}.initContainers`), `${where}.initContainers`);
    const sidecar = reader.take("restartPolicy") === "Always";
    const item = container(reader, names, volumes, { network: host, restart: "never" });
    const start: Fields = sidecar ? { restart: "always" } : { startupProbe: { exit: true } };
    draft.containers.push({ ...item, fields: { ...item.fields, ...start } });
  }
  for (const each of spec.list("containers")) {
    const reader = new Reader(dictOf(each, `${where}.containers`), `${where}.containers`);
    const common = { network: host, restart: policy, stopTimeout };
    draft.containers.push(container(reader, names, volumes, common));
  }
  if (draft.containers.length === 0) throw new ImportError(`${where}.containers is empty`);
  for (const key of NOT_NEEDED) spec.take(key);
  for (const key of spec.left()) {
    draft.notes.push(`No counterpart: ${key}: ${show(spec.take(key))}`);
  }
  return draft;
}

/** What stands beside the containers. */
function remarks(workload: Dict, objects: readonly Dict[], notes: string[]): void {
  const { spec } = workload;
  const replicas = isDict(spec) ? spec.replicas : undefined;
  if (replicas !== undefined && replicas !== 1) {
    notes.push(`replicas: ${replicas}: attach the pod to that many hosts.`);
  }
  if (workload.kind === "DaemonSet") notes.push("DaemonSet: attach the pod to every host.");
  if (workload.kind === "CronJob") {
    const schedule = isDict(spec) ? spec.schedule : "";
    notes.push(
      `schedule: ${schedule}: use restart: on-interval:<seconds>, or cron in the container.`,
    );
  }
  for (const object of objects) {
    if (object === workload || object.kind === "ConfigMap") continue;
    const name = isDict(object.metadata) ? ` ${show(object.metadata.name)}` : "";
    notes.push(`${object.kind}${name} is not imported.${OTHERS[String(object.kind)] ?? ""}`);
  }
}

const OTHERS: Readonly<Record<string, string>> = {
  Service: " Give its port a clusterPort; clients reach it at proxy:<clusterPort>.",
  Ingress: " Write its rules below expose, as ingress.",
  Secret: " Put its files into a volume of type config.",
};

function container(
  reader: Reader,
  names: Names,
  volumes: KubeVolumes,
  common: Fields,
): Item {
  const notes: string[] = [];
  const words = (key: string) => {
    const value = reader.take(key);
    return value === undefined ? undefined : textsOf(value, `${reader.where}.${key}`);
  };
  const security = new Reader(reader.dictOf("securityContext") ?? {}, "securityContext");
  const pull = reader.text("imagePullPolicy");
  const name = reader.text("name");
  const image = reader.text("image");
  if (name === undefined || image === undefined) {
    throw new ImportError(`a container in ${reader.where} has no name or no image`);
  }
  const user = security.text("runAsUser");
  const group = security.text("runAsGroup");
  const capabilities = security.dictOf("capabilities") ?? {};
  const caps = (key: string) =>
    capabilities[key] === undefined ? undefined : textsOf(capabilities[key], key);
  const args = words("args");
  const command = words("command");
  if ([...command ?? [], ...args ?? []].some((word) => word.includes("$("))) {
    notes.push("$(NAME) in command and args is not put in here; a shell in the container can.");
  }
  const fields: Fields = {
    name: names.of(name, "container"),
    image,
    command,
    args,
    workingDir: reader.text("workingDir"),
    user: user === undefined ? undefined : group === undefined ? user : `${user}:${group}`,
    env: environment(reader, notes),
    ...common,
    pull: pull === undefined ? undefined : PULL[pull],
    readOnly: security.take("readOnlyRootFilesystem") === true ? true : undefined,
    capAdd: caps("add"),
    capDrop: caps("drop"),
    resources: resources(reader, notes),
    startupProbe: kubeProbe(reader, "startupProbe", notes),
    readinessProbe: kubeProbe(reader, "readinessProbe", notes),
    livenessProbe: kubeProbe(reader, "livenessProbe", notes),
    mounts: volumes.mounts(reader, notes),
    expose: ports(reader, notes),
  };
  for (const key of ["runAsNonRoot", "allowPrivilegeEscalation", "seccompProfile"]) {
    security.take(key); // containers of an ordinary user have these anyway
  }
  for (const key of CONTAINER_NOT_NEEDED) reader.take(key);
  for (const inner of [security, reader]) {
    for (const key of inner.left()) notes.push(`No counterpart: ${key}: ${show(inner.take(key))}`);
  }
  return { notes, fields };
}

function environment(reader: Reader, notes: string[]): Fields[] | undefined {
  const from = reader.list("envFrom");
  if (from.length > 0) notes.push(`envFrom: list what it says in env: ${show(from)}`);
  const env = reader.list("env").map((entry, index): Fields => {
    const where = `${reader.where}.env[${index}]`;
    const each = dictOf(entry, where);
    const name = textOf(each.name, `${where}.name`);
    if (each.valueFrom === undefined) return { name, value: textOf(each.value ?? "", where) };
    notes.push(`${name} came from ${show(each.valueFrom)}.`);
    return { name, value: "" };
  });
  return env.length === 0 ? undefined : env;
}

function resources(reader: Reader, notes: string[]): Fields | undefined {
  const given = reader.dictOf("resources");
  const limits = given?.limits;
  if (given?.requests !== undefined) notes.push("resources.requests has no counterpart.");
  if (!isDict(limits)) return undefined;
  const cpu = limits.cpu === undefined ? undefined : textOf(limits.cpu, "limits.cpu");
  const memory = limits.memory === undefined ? undefined : textOf(limits.memory, "limits.memory");
  if (cpu === undefined && memory === undefined) return undefined;
  return {
    cpus: cpu === undefined
      ? undefined
      : cpu.endsWith("m")
      ? Number(cpu.slice(0, -1)) / 1000
      : Number(cpu),
    memory: memory === undefined ? undefined : sizeOf(memory),
  };
}

function ports(reader: Reader, notes: string[]): Fields[] | undefined {
  const list = reader.list("ports").flatMap((entry, index): Fields[] => {
    const where = `${reader.where}.ports[${index}]`;
    const each = dictOf(entry, where);
    const target = Number(textOf(each.containerPort, `${where}.containerPort`));
    if (each.protocol === "SCTP") {
      notes.push(`No counterpart: port ${target} of SCTP`);
      return [];
    }
    const hostPort: Value = each.hostPort === undefined ? target : Number(each.hostPort);
    return [{
      hostPort,
      targetPort: target,
      protocol: each.protocol === "UDP" ? "udp" : undefined,
    }];
  });
  if (list.length === 0) return undefined;
  notes.push("In a cluster, the variables HOSTPORTAUTO1 and CLUSTERPORTAUTO1 choose ports.");
  return list;
}
