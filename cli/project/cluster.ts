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
  syncLogs: "_synclogs",
} as const;

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
  for (let dir = resolve(cwd);; dir = dirname(dir)) {
    if (await statIfPresent(join(dir, PROJECT_FILES.id))) return dir;
    if (dir === dirname(dir)) break;
  }
  throw new UserError(`No cluster project at ${cwd} or above it`, {
    hint: "cd into a project, set CLUSTERPATH, or make one with: sns cluster create <name>",
  });
}

async function findPodPath(root: string, cwd: string, named: string | undefined): Promise<string> {
  if (!named) return join(root, "_pods");
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
 * @throws {UserError} when the name is refused or the directory exists
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

async function fillProject(root: string, id: string, stamp: LogStamp): Promise<void> {
  await Deno.writeTextFile(join(root, PROJECT_FILES.variables), "");
  await Deno.writeTextFile(join(root, PROJECT_FILES.id), `${id}\n`);
  await Deno.writeTextFile(join(root, ".gitignore"), "_pods\n");
  await initRepository(root, "Initial", stamp.user);
  await appendLog(join(root, PROJECT_FILES.log), "CREATED-CLUSTER-PROJECT", stamp);
}
