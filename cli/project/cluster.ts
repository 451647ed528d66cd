/** A cluster project: the git repository that mirrors a cluster, found by its cluster-id.txt. */
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { isDirectory, readTextIfPresent, removeIfPresent, statIfPresent } from "./files.ts";
import { initRepository } from "./git.ts";
import { appendLog, type LogStamp } from "./log.ts";
import { isHostName } from "./pod_ref.ts";

export interface Cluster {
  /** Absolute path. */
  readonly root: string;
  /** `<name>-<number>`, the same on all its hosts. */
  readonly id: string;
  /** Directory of the pods' sources. It may be absent when it is the default one. */
  readonly podPath: string;
}

type Env = (name: string) => string | undefined;

/** Files that a project has at its root. */
export const PROJECT_FILES = {
  id: "cluster-id.txt",
  variables: "cluster-vars.env",
  log: "log.txt",
  configs: "_config",
  pods: "_pods",
  syncLogs: "_synclogs",
} as const;

/** Whether `name` is a directory that every project uses itself. */
export function isProjectDirectory(name: string): boolean {
  const { configs, pods, syncLogs } = PROJECT_FILES;
  return [configs, pods, syncLogs].some((own) => own === name);
}

/**
 * The project that `env` names with CLUSTERPATH, else the one that `cwd` lies in.
 *
 * @throws {UserError} when there is none, or PODPATH is no directory
 */
export async function findCluster(cwd: string, env: Env): Promise<Cluster> {
  const root = await findRoot(cwd, env("CLUSTERPATH"));
  const id = (await readTextIfPresent(join(root, PROJECT_FILES.id)))?.trim() ?? "";
  if (id === "") throw new UserError(`Cannot use ${root}: ${PROJECT_FILES.id} is empty`);
  return { root, id, podPath: await findPodPath(root, cwd, env("PODPATH")) };
}

async function findRoot(cwd: string, named: string | undefined): Promise<string> {
  if (named) {
    const root = resolve(cwd, named);
    if (await statIfPresent(join(root, PROJECT_FILES.id))) return root;
    throw new UserError(
      `CLUSTERPATH=${named} is no cluster project: ${PROJECT_FILES.id} is missing`,
    );
  }
  const root = await enclosingProject(cwd);
  if (root !== undefined) return root;
  throw new UserError(`No cluster project at ${cwd} or above it`, {
    hint: "cd into a project, set CLUSTERPATH, or make one with: sns cluster create <name>",
  });
}

/** The project that `dir` is or lies in. */
export async function enclosingProject(dir: string): Promise<string | undefined> {
  for (let at = resolve(dir);; at = dirname(at)) {
    if (await statIfPresent(join(at, PROJECT_FILES.id))) return at;
    if (at === dirname(at)) return undefined;
  }
}

async function findPodPath(root: string, cwd: string, named: string | undefined): Promise<string> {
  if (!named) return join(root, PROJECT_FILES.pods);
  const path = resolve(cwd, named);
  if (!await isDirectory(await Deno.realPath(path).catch(() => path))) {
    throw new UserError(`PODPATH=${named} is no directory`);
  }
  return path;
}

/** A new cluster's id. `random` gives a number from 0 up to 1. */
export function newClusterId(name: string, random: () => number): string {
  return `${name}-${1 + Math.floor(random() * 65535)}`;
}

/**
 * Makes the project `parent/name` with its first commit.
 *
 * @returns its absolute path
 * @throws {UserError} when the name is refused, the directory exists or lies in another project
 */
export async function createCluster(
  parent: string,
  name: string,
  options: { random: () => number; stamp: LogStamp },
): Promise<string> {
  if (!isHostName(name) || name === "pods" || name === "keys") {
    throw new UserError(`Cannot create a cluster named "${name}"`, {
      hint: 'use letters, digits, "_" and "-"; "pods" and "keys" are taken',
    });
  }
  const around = await enclosingProject(parent);
  if (around !== undefined) {
    throw new UserError(
      `Cannot create the cluster "${name}" inside the cluster project ${around}`,
      { hint: "cd out of it first" },
    );
  }
  const root = join(parent, name);
  if (await statIfPresent(root)) {
    throw new UserError(`Cannot create the cluster "${name}": ${root} exists`);
  }
  await Deno.mkdir(root);
  try {
    await fillProject(root, newClusterId(name, options.random), options.stamp);
  } catch (error) {
    await removeIfPresent(root);
    throw error;
  }
  return root;
}

/** Sources of pods have repositories of their own; private keys are nobody's but the operator's. */
const IGNORED = `${PROJECT_FILES.pods}\n/*/id_*\n!/*/*.pub\n`;

async function fillProject(root: string, id: string, stamp: LogStamp): Promise<void> {
  await Deno.writeTextFile(join(root, PROJECT_FILES.variables), "");
  await Deno.writeTextFile(join(root, PROJECT_FILES.id), `${id}\n`);
  await Deno.writeTextFile(join(root, ".gitignore"), IGNORED);
  // Two operators who append to the same log are in no conflict.
  await Deno.writeTextFile(join(root, ".gitattributes"), "log.txt merge=union\n");
  await initRepository(root, "Initial", stamp.user);
  await appendLog(join(root, PROJECT_FILES.log), "CREATED-CLUSTER-PROJECT", stamp);
}
