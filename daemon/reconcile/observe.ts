/** Reads what the files of one instance say. */
import { parsePodAction, parsePodState, parsePodStatus } from "../../podc/mod.ts";
import { parsePortMappings, type PortMapping, tellProblems } from "../../proxy/conf/mod.ts";
import type { Instance } from "../discovery.ts";
import { lstat, readSafely, type SafeFile, UnsafeFileError } from "../files.ts";
import { releasePaths } from "../host/layout.ts";
import type { ActionRequest, Facts, StatusFacts } from "./model.ts";

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

/**
 * Looks at one instance. Files that cannot be read or understood are problems, not errors.
 *
 * @param isAlive whether a process exists
 * @returns `undefined` when it is no instance any more
 */
export function observe(
  instance: Instance,
  isAlive: (pid: number) => boolean,
): Observed | undefined {
  const paths = releasePaths(instance.dir);
  const problems = new Map<string, string>();
  const read = (path: string, limit: number) => {
    try {
      return readSafely(path, limit);
    } catch (error) {
      if (!(error instanceof UnsafeFileError)) throw error;
      problems.set(path, error.message);
      return undefined;
    }
  };
  if (!lstat(instance.dir)?.isDirectory || !lstat(paths.pod)?.isFile) return undefined;
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
  const pid = status && parsePodStatus(status.text).pid;
  return {
    instance,
    mappings: parsed.entries,
    problems,
    ...(pid === undefined ? {} : { pid }),
    facts: {
      id: instance.id,
      serves: parsed.entries.length > 0,
      ...(desired === undefined ? {} : { desired }),
      ...(action ? { action: actionRequest(action.text) } : {}),
      ...(status ? { status: statusFacts(status, isAlive) } : {}),
    },
  };
}

/** The request that the text of a pod.action makes. */
export function actionRequest(text: string): ActionRequest {
  return { containers: parsePodAction(text)?.containers };
}

function statusFacts(file: SafeFile, isAlive: (pid: number) => boolean): StatusFacts {
  const { status, readiness, updated, pid } = parsePodStatus(file.text);
  return {
    word: status,
    ready: readiness,
    beat: `${file.writtenMs} ${updated ?? ""} ${status} ${pid ?? ""} ${readiness}`,
    // A status without `updated` is as old as its file.
    updatedMs: updated === undefined ? file.writtenMs : updated * 1000,
    ...(pid === undefined ? {} : { pidAlive: isAlive(pid) }),
  };
}
