/** Reads what the files of one instance say. */
import {
  HEADER_BYTES,
  parsePodAction,
  parsePodState,
  parsePodStatus,
  startsFirst,
} from "../../podc/mod.ts";
import { parsePortMappings, type PortMapping, tellProblems } from "../../proxy/conf/mod.ts";
import type { Instance } from "../discovery.ts";
import { lstat, readHead, readSafely, type SafeFile, UnsafeFileError } from "../files.ts";
import { releasePaths } from "../host/layout.ts";
import type { FileCache } from "./file_cache.ts";
import type { ActionRequest, Facts } from "./model.ts";

export interface Observed {
  readonly instance: Instance;
  readonly facts: Facts;
  /** What the pod wants in portmappings.conf while it is ready. */
  readonly mappings: readonly PortMapping[];
  /** The supervisor's process, by its status file. */
  readonly pid?: number;
  /** What is wrong with which of its files. */
  readonly problems: ReadonlyMap<string, string>;
}

/** Bytes that are read of a state or action file, and of the others. */
const SMALL = 64 * 1024;
const LARGE = 4 * 1024 * 1024;

export interface ObserveDeps {
  /** Whether a process exists. */
  readonly isAlive: (pid: number) => boolean;
  readonly cache: FileCache;
}

/**
 * Looks at one instance. Files that cannot be read or understood are problems, not errors.
 *
 * @param before what was seen of it last
 * @returns `undefined` when it is no instance any more
 */
export function observe(
  instance: Instance,
  { isAlive, cache }: ObserveDeps,
  before?: Observed,
): Observed | undefined {
  const paths = releasePaths(instance.dir);
  const problems = new Map<string, string>();
  const read = (path: string, limit: number) =>
    noting(problems, path, () => cache.read(path, (kind) => readSafely(path, limit, kind)));
  if (!lstat(instance.dir)?.isDirectory || !lstat(paths.pod)?.isFile) return undefined;
  // One that may only be executed says nothing about itself.
  const pod = noting(new Map(), paths.pod, () => {
    return cache.read(paths.pod, (kind) => readHead(paths.pod, HEADER_BYTES, kind));
  });
  const state = read(paths.state, SMALL);
  const action = read(paths.action, SMALL);
  const status = read(paths.status, LARGE);
  const mappings = read(paths.portMappings, LARGE);
  if (state === undefined && !problems.has(paths.state)) return undefined;

  const desired = state && parsePodState(state.text);
  if (state && desired === undefined) {
    const text = JSON.stringify(state.text.slice(0, 40));
    problems.set(paths.state, `${paths.state}: ${text} is not running, stopped or removed`);
  }
  const parsed = parsePortMappings(mappings?.text ?? "");
  if (parsed.problems.length > 0) {
    problems.set(paths.portMappings, `${paths.portMappings}: ${tellProblems(parsed.problems)}`);
  }
  const facts: Facts = {
    id: instance.id,
    pod: instance.pod,
    serves: parsed.entries.length > 0,
    ...(pod && startsFirst(pod.text) ? { startsFirst: true } : {}),
    ...(desired === undefined ? {} : { desired }),
    ...(action ? { action: actionRequest(action.text) } : {}),
  };
  const seen = { instance, mappings: parsed.entries, problems, facts };
  return withStatus(seen, status, (pid) => stillLives(before, pid) || isAlive(pid));
}

/** Looks at nothing but the status of an instance, which is refreshed every few seconds. */
export function observeStatus(seen: Observed, { isAlive, cache }: ObserveDeps): Observed {
  const path = releasePaths(seen.instance.dir).status;
  const problems = new Map(seen.problems);
  problems.delete(path);
  const status = noting(
    problems,
    path,
    () => cache.read(path, (kind) => readSafely(path, LARGE, kind)),
  );
  return withStatus({ ...seen, problems }, status, (pid) => stillLives(seen, pid) || isAlive(pid));
}

/** Whether a process that lived still does, the inventory looks regularly. */
function stillLives(seen: Observed | undefined, pid: number): boolean {
  return seen?.pid === pid && seen.facts.status?.pidAlive === true;
}

function withStatus(
  { pid: _, facts: { status: __, ...facts }, ...seen }: Observed,
  file: SafeFile | undefined,
  isAlive: ObserveDeps["isAlive"],
): Observed {
  if (!file) return { ...seen, facts };
  const { status, readiness, updated, pid } = parsePodStatus(file.text);
  return {
    ...seen,
    ...(pid === undefined ? {} : { pid }),
    facts: {
      ...facts,
      status: {
        word: status,
        ready: readiness,
        beat: `${file.writtenMs} ${updated ?? ""} ${status} ${pid ?? ""} ${readiness}`,
        ...(updated === undefined ? {} : { updatedMs: updated * 1000 }),
        ...(pid === undefined ? {} : { pidAlive: isAlive(pid) }),
      },
    },
  };
}

/** What `read` gives; what may not be read is a problem of `path`. */
function noting<T>(
  problems: Map<string, string>,
  path: string,
  read: () => T | undefined,
): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnsafeFileError)) throw error;
    problems.set(path, error.message);
    return undefined;
  }
}

/** The request that the text of a pod.action makes. */
export function actionRequest(text: string): ActionRequest {
  return { containers: parsePodAction(text)?.containers };
}
