/** Docker Compose (compose-spec.io) to a pod: each service becomes a container. */
import { composePorts } from "./compose_ports.ts";
import { composePlain, composeText } from "./compose_texts.ts";
import { ComposeVolumes } from "./compose_volumes.ts";
import { type Draft, type Fields, ImportError, type Item, Names, type Value } from "./draft.ts";
import { type Dict, dictOf, isDict, Reader, show, textOf, textsOf } from "./read.ts";
import { secondsOf, sizeOf, splitWords } from "./units.ts";

const RESTART: Readonly<Record<string, string>> = {
  "no": "never",
  "always": "always",
  "unless-stopped": "always",
  "on-failure": "on-failure",
};
/** Keys that mean nothing here, or what happens anyway. */
const NOT_NEEDED = ["container_name", "links", "expose", "init", "hostname", "networks"];

/**
 * Makes a draft of a compose file.
 *
 * @param file The file, parsed.
 * @throws {ImportError} when it has no services, or one is not what a compose file can have.
 */
export function importCompose(file: Dict): Draft {
  const services = Object.entries(dictOf(file.services, "services"));
  if (services.length === 0) throw new ImportError("services is empty");
  const draft: Draft = { notes: [], volumes: [], containers: [] };
  const names = new Names();
  const volumes = new ComposeVolumes(draft.volumes);
  if (services.length > 1) {
    draft.notes.push(
      "All services became containers of one pod: they start and move together, and reach each " +
        "other at localhost instead of by name. Services that are to be scaled or released apart " +
        "belong into pods of their own, which reach each other at proxy:<clusterPort>.",
    );
  }
  for (const key of Object.keys(file)) {
    if (["configs", "secrets", "include"].includes(key)) {
      draft.notes.push(`${key} has no counterpart: use a volume of type config.`);
    }
  }
  for (const [name, value] of inOrder(services)) {
    const reader = new Reader(dictOf(value, `services.${name}`), `services.${name}`);
    draft.containers.push(container(name, names, reader, volumes));
  }
  return draft;
}

function container(name: string, names: Names, reader: Reader, volumes: ComposeVolumes): Item {
  const notes: string[] = [];
  const text = (value: string) => composeText(value, notes);
  const words = (key: string): Value[] | undefined => {
    const value = reader.take(key);
    if (value === undefined) return undefined;
    const list = typeof value === "string"
      ? splitWords(value)
      : textsOf(value, `${reader.where}.${key}`);
    return list.map(text);
  };
  const some = (key: string): Value[] | undefined => {
    const list = reader.list(key);
    return list.length === 0 ? undefined : textsOf(list, `${reader.where}.${key}`).map(text);
  };
  const plain = (key: string): Value | undefined => {
    const value = reader.text(key);
    return value === undefined ? undefined : text(value);
  };
  const stop = reader.text("stop_grace_period");
  const fields: Fields = {
    name: names.of(name, "container"),
    image: image(name, reader, text, notes),
    command: words("entrypoint"),
    args: words("command"),
    workingDir: plain("working_dir"),
    user: plain("user"),
    env: environment(reader, text, notes),
    restart: restart(reader, notes),
    network: network(reader, notes),
    readOnly: reader.take("read_only") === true ? true : undefined,
    capAdd: some("cap_add"),
    capDrop: some("cap_drop"),
    tmpfs: tmpfs(reader, notes),
    stopTimeout: stop === undefined ? undefined : secondsOf(stop),
    stopSignal: reader.text("stop_signal")?.replace(/^SIG/, ""),
    resources: resources(reader, notes),
    readinessProbe: probe(reader, notes),
    mounts: volumes.mounts(reader.list("volumes"), reader.where, notes),
    expose: composePorts(reader.list("ports"), reader.where, notes),
  };
  dependencies(reader, names, notes);
  for (const key of NOT_NEEDED) reader.take(key);
  for (const key of reader.left()) notes.push(`No counterpart: ${key}: ${show(reader.take(key))}`);
  return { notes, fields };
}

function image(
  name: string,
  reader: Reader,
  text: (value: string) => Value,
  notes: string[],
): Value {
  const given = reader.text("image");
  const build = reader.take("build");
  if (build !== undefined) {
    notes.push(`The image is built from ${show(build)}: build it with podman build, and push it.`);
  }
  return given === undefined ? `localhost/${name}:latest` : text(given);
}

function environment(
  reader: Reader,
  text: (value: string) => Value,
  notes: string[],
): Fields[] | undefined {
  const files = reader.take("env_file");
  if (files !== undefined) {
    notes.push(`env_file is not read: ${show(files)}. List what it says in env.`);
  }
  const value = reader.take("environment");
  if (value === undefined) return undefined;
  const pairs = isDict(value)
    ? Object.entries(value).map(([name, each]) => [name, each] as const)
    : textsOf(value, `${reader.where}.environment`).map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [line, null] as const : [line.slice(0, at), line.slice(at + 1)] as const;
    });
  return pairs.map(([name, each]) => {
    if (each === null) return { name, value: text(`\${${name}}`) }; // of the shell that runs compose
    return { name, value: text(textOf(each, `${reader.where}.environment.${name}`)) };
  });
}

function restart(reader: Reader, notes: string[]): string | undefined {
  const policy = reader.text("restart");
  if (policy === undefined) return undefined;
  const [name, times] = policy.split(":");
  if (times !== undefined) notes.push(`restart: ${policy} has no limit of ${times} times here.`);
  const known = RESTART[name!];
  if (known === undefined) notes.push(`No counterpart: restart: ${policy}`);
  return known;
}

function network(reader: Reader, notes: string[]): string | undefined {
  const mode = reader.text("network_mode");
  if (mode === "host") return "host";
  if (mode !== undefined && mode !== "bridge") notes.push(`No counterpart: network_mode: ${mode}`);
  return undefined;
}

function tmpfs(reader: Reader, notes: string[]): Fields[] | undefined {
  const value = reader.take("tmpfs");
  if (value === undefined) return undefined;
  const list = typeof value === "string" ? [value] : textsOf(value, `${reader.where}.tmpfs`);
  return list.map((entry) => {
    const [dest, options] = entry.split(":");
    const size = /(?:^|,)size=([^,]+)/.exec(options ?? "")?.[1];
    if (options !== undefined && size === undefined) notes.push(`No counterpart: tmpfs ${entry}`);
    return { dest: composePlain(dest!, notes), size: size && sizeOf(size) };
  });
}

function resources(reader: Reader, notes: string[]): Fields | undefined {
  const deploy = reader.dictOf("deploy");
  const inner = deploy && new Reader(deploy, `${reader.where}.deploy`);
  const limits = inner?.dictOf("resources")?.limits;
  const all = isDict(limits) ? limits : {};
  const replicas = inner?.take("replicas");
  if (replicas !== undefined && replicas !== 1) {
    notes.push(`deploy.replicas: ${replicas}: attach the pod to that many hosts.`);
  }
  inner?.take("restart_policy");
  for (const key of inner?.left() ?? []) notes.push(`No counterpart: deploy.${key}`);
  const value = (key: string, limit: string) => {
    const own = reader.text(key);
    return own ?? (all[limit] === undefined ? undefined : textOf(all[limit], limit));
  };
  const [cpus, memory] = [value("cpus", "cpus"), value("mem_limit", "memory")];
  const pids = value("pids_limit", "pids");
  if (cpus === undefined && memory === undefined && pids === undefined) return undefined;
  return {
    cpus: cpus === undefined ? undefined : Number(cpus),
    memory: memory === undefined ? undefined : sizeOf(memory),
    pids: pids === undefined ? undefined : Number(pids),
  };
}

function probe(reader: Reader, notes: string[]): Fields | undefined {
  const check = reader.dictOf("healthcheck");
  if (check === undefined || check.disable === true || check.test === undefined) return undefined;
  const test = typeof check.test === "string"
    ? ["CMD-SHELL", check.test]
    : textsOf(check.test, `${reader.where}.healthcheck.test`);
  const [kind, ...words] = test;
  if (kind === "NONE") return undefined;
  const line = words.map((word) => composeText(word, notes));
  const seconds = (key: string) => {
    const value = check[key];
    return value === undefined ? undefined : secondsOf(textOf(value, key));
  };
  return {
    cmd: kind === "CMD-SHELL" ? ["sh", "-c", ...line] : line,
    interval: seconds("interval"),
    timeout: seconds("timeout"),
    initialDelay: seconds("start_period"),
    failureThreshold: check.retries === undefined ? undefined : Number(check.retries),
  };
}

function dependencies(reader: Reader, names: Names, notes: string[]): void {
  const value = reader.take("depends_on");
  if (!isDict(value)) return;
  for (const [name, how] of Object.entries(value)) {
    const condition = isDict(how) ? how.condition : undefined;
    if (condition === undefined || condition === "service_started") continue;
    const probe = condition === "service_healthy" ? "cmd" : "exit";
    notes.push(
      `It waits for ${
        names.of(name, "container")
      } (${condition}): give that one a startupProbe with ${probe}.`,
    );
  }
}

/** Services behind those they depend on; containers start in the order of pod.yaml. */
function inOrder(services: readonly (readonly [string, unknown])[]) {
  const byName = new Map(services);
  const done = new Set<string>();
  const order: (readonly [string, unknown])[] = [];
  const visit = (name: string, path: readonly string[]) => {
    if (done.has(name) || !byName.has(name)) return;
    if (path.includes(name)) {
      throw new ImportError(`services depend on each other: ${[...path, name].join(" -> ")}`);
    }
    const value = byName.get(name);
    const needs = isDict(value) ? value.depends_on : undefined;
    const list = Array.isArray(needs) ? needs.map(String) : isDict(needs) ? Object.keys(needs) : [];
    for (const other of list) visit(other, [...path, name]);
    done.add(name);
    order.push([name, value]);
  };
  for (const [name] of services) visit(name, []);
  return order;
}
