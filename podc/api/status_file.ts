/**
 * `.pod.status`: what a pod's supervisor last saw, as `key: value` lines, then `containers:` and
 * an indented item per container. Replaced by rename, refreshed every few seconds while the
 * supervisor lives.
 */

export interface ContainerStatus {
  readonly name: string;
  readonly status: string;
  readonly startCount: number;
  readonly exitCode?: number;
  /** All keys of the item as written. */
  readonly fields: ReadonlyMap<string, string>;
}

export interface PodStatus {
  /** `<name>-<version>` */
  readonly pod: string;
  readonly podVersion: string;
  /** created, starting, running, exited, removed */
  readonly status: string;
  readonly readiness: boolean;
  /** Unix seconds; absent when empty or missing. */
  readonly created?: number;
  readonly started?: number;
  readonly updated?: number;
  readonly pid?: number;
  readonly containers: readonly ContainerStatus[];
}

/** Reads a status file. Unknown keys are kept in `fields` or passed over; missing ones are empty. */
export function parsePodStatus(text: string): PodStatus {
  const header = new Map<string, string>();
  const items: Map<string, string>[] = [];
  for (const line of text.split("\n")) {
    const match = /^( *)(- )?([A-Za-z]+):(?: (.*))?$/.exec(line);
    if (!match) continue;
    const [, indent, dash, key, value] = match;
    if (indent === "") {
      if (!header.has(key!)) header.set(key!, value?.trim() ?? "");
      continue;
    }
    if (dash) items.push(new Map());
    items.at(-1)?.set(key!, value?.trim() ?? "");
  }
  const number = (key: string): number | undefined => toNumber(header.get(key));
  const optional = {
    created: number("created"),
    started: number("started"),
    updated: number("updated"),
    pid: number("pid"),
  };
  return {
    pod: header.get("pod") ?? "",
    podVersion: header.get("podVersion") ?? "",
    status: header.get("status") ?? "unknown",
    readiness: header.get("readiness") === "1",
    ...defined(optional),
    containers: items.map(containerStatus),
  };
}

function containerStatus(fields: ReadonlyMap<string, string>): ContainerStatus {
  return {
    name: fields.get("name") ?? "",
    status: fields.get("status") ?? "unknown",
    startCount: toNumber(fields.get("startCount")) ?? 0,
    ...defined({ exitCode: toNumber(fields.get("exitCode")) }),
    fields,
  };
}

function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : undefined;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Drops the keys whose value is undefined, as `exactOptionalPropertyTypes` wants it. */
function defined<T extends Record<string, unknown>>(record: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
