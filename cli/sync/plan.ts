/** Decides what to change on a host. Nothing here does I/O. */
import type { Operation } from "./operation.ts";
import type {
  ConfigSums,
  DesiredHost,
  DesiredRelease,
  ObservedHost,
  ObservedRelease,
} from "./state.ts";

/**
 * The operations that take a host from what was observed to what the project wants, in the order in
 * which they are safe: data first, then states (removals first, they free ports), the commits last.
 * The daemon acts on each state as it comes: where a version of a pod is to start before others end
 * (`updateOrder: start-first`), it is told so first. Empty when there is nothing to do.
 */
export function planHost(desired: DesiredHost, observed: ObservedHost): Operation[] {
  const there = new Map(observed.releases.map((release) => [key(release), release]));
  const wanted = new Map(desired.releases.map((release) => [key(release), release]));
  const data: Operation[] = [];
  const states: StateChange[] = [];
  for (const release of desired.releases) {
    const present = there.get(key(release));
    if (present !== undefined) data.push(...updates(release, present));
    else if (release.state !== "removed") data.push({ kind: "release", ...nameOf(release) });
    else continue;
    if (present?.state !== release.state) states.push(stateChange(release, present));
  }
  for (const release of observed.releases) {
    if (wanted.has(key(release)) || release.state === "removed") continue;
    states.push({ kind: "state", ...nameOf(release), state: "removed", from: release.state });
  }
  if (hostsConfDiffers(desired, observed)) data.push({ kind: "hosts" });
  const operations = [...data, ...inOrder(states, wanted)];
  if (desired.chain.join(" ") !== observed.chain.join(" ")) operations.push({ kind: "chain" });
  return operations;
}

type StateChange = Extract<Operation, { kind: "state" }>;

const ORDER = ["removed", "stopped", "running"];

function inOrder(
  states: readonly StateChange[],
  wanted: ReadonlyMap<string, DesiredRelease>,
): StateChange[] {
  const isFirst = (change: StateChange) =>
    change.state === "running" && wanted.get(key(change))?.startsFirst === true;
  const pods = new Set(states.filter(isFirst).map(({ pod }) => pod));
  const rank = (change: StateChange) => {
    const place = ORDER.indexOf(change.state);
    if (isFirst(change)) return ORDER.length;
    return pods.has(change.pod) || change.state === "running" ? ORDER.length + 1 + place : place;
  };
  return states.toSorted((a, b) => rank(a) - rank(b));
}

/** A config that somebody changed on a host. */
export interface ChangedConfig extends ReleaseName {
  readonly config: string;
  /** Whether the plan replaces it; otherwise it stays, as the project has nothing newer. */
  readonly replaced: boolean;
}

/** The configs of releases that the project wants which are not as they were delivered. */
export function changedConfigs(
  desired: DesiredHost,
  observed: ObservedHost,
  operations: readonly Operation[],
): ChangedConfig[] {
  const wanted = new Set(desired.releases.filter(({ state }) => state !== "removed").map(key));
  const replaces = (release: ReleaseName, config: string) =>
    operations.some((each) =>
      (each.kind === "config" || each.kind === "unconfig") && key(each) === key(release) &&
      each.name === config
    );
  return observed.releases.filter((release) => wanted.has(key(release))).flatMap((release) =>
    [...release.changed ?? []].sort().map((config) => ({
      ...nameOf(release),
      config,
      replaced: replaces(release, config),
    }))
  );
}

/** A changed config and what becomes of it, for people. */
export function describeChanged({ pod, version, config, replaced }: ChangedConfig): string {
  const what = `config ${config} of ${pod}:${version} was changed on the host`;
  return replaced
    ? `${what}, and is replaced`
    : `${what}, and stays so (sns cluster diff; --pod-to-overwrite=${pod}:${version} replaces it)`;
}

/** Whether a plan changes anything but the record of commits. */
export function changesSomething(operations: readonly Operation[]): boolean {
  return operations.some(({ kind }) => kind !== "chain");
}

/** A release on any host. */
export interface ReleaseName {
  readonly pod: string;
  readonly version: string;
}

/** `observed` without what is known of the content of a release: a plan replaces all of it. */
export function forgetContent(observed: ObservedHost, { pod, version }: ReleaseName): ObservedHost {
  const releases = observed.releases.map((release) => {
    if (release.pod !== pod || release.version !== version) return release;
    const files = new Map([...release.files.keys()].map((name) => [name, ""]));
    const configs = new Map([...release.configs.keys()].map((name) => [name, {}]));
    return { ...release, files, configs };
  });
  return { ...observed, releases };
}

const key = ({ pod, version }: ReleaseName) => `${pod}:${version}`;
const nameOf = ({ pod, version }: ReleaseName): ReleaseName => ({ pod, version });

function stateChange(release: DesiredRelease, present: ObservedRelease | undefined): StateChange {
  return {
    kind: "state",
    ...nameOf(release),
    state: release.state,
    ...(present === undefined ? {} : { from: present.state }),
  };
}

/** An absent file and an empty one mean the same. */
function hostsConfDiffers(desired: DesiredHost, observed: ObservedHost): boolean {
  return desired.hostsConf !== (observed.hostsConf ?? "");
}

function updates(release: DesiredRelease, present: ObservedRelease): Operation[] {
  const operations: Operation[] = [];
  const name = nameOf(release);
  for (const [config, sums] of release.configs) {
    if (!sameConfig(sums, present.configs.get(config))) {
      operations.push({ kind: "config", ...name, name: config });
    }
  }
  for (const config of present.configs.keys()) {
    if (!release.configs.has(config)) operations.push({ kind: "unconfig", ...name, name: config });
  }
  for (const [file, sum] of release.files) {
    if (present.files.get(file) !== sum) operations.push({ kind: "file", ...name, name: file });
  }
  for (const file of present.files.keys()) {
    if (!release.files.has(file)) operations.push({ kind: "unfile", ...name, name: file });
  }
  return operations;
}

/** Older programs leave no shape; the checksum decides then. */
function sameConfig(wanted: ConfigSums, present: Partial<ConfigSums> | undefined): boolean {
  if (present?.checksum !== wanted.checksum) return false;
  return present.shape === undefined || present.shape === wanted.shape;
}
