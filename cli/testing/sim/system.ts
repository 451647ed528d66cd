/** What a simulated program has of its host, and the pieces that the programs share: the model of prelude.sh,
 * lock_file.sh and tree.sh. */
import { REMOTE_EXIT } from "../../remote/programs.ts";
import { CallError, NoRoomError, type Tree } from "./tree.ts";

/**
 * Where a program stands between two of its calls; there it can be killed, and others run.
 * - `call`: before a system call
 * - `step`: where the shell program calls `step`
 * - `input`: it waits for the end of its stdin
 * - a number: it sleeps for so many milliseconds
 */
export type Point = "call" | "step" | "input" | number;

/** A program on its way: gives its exit code in the end, or throws {@link Exit}. */
export type Program = Generator<Point, void, void>;

/** The program ended with a code other than 0. */
export class Exit extends Error {
  override readonly name = "Exit";
  constructor(readonly code: number, message: string) {
    super(message);
  }
}

/** What one running program has of its host. */
export interface System {
  readonly tree: Tree;
  /** `$1`, `$2` … */
  readonly args: readonly string[];
  /** What came on stdin, complete after `input`. */
  readonly input: () => Uint8Array;
  readonly print: (text: string) => void;
  /** Unix seconds of the host. */
  readonly now: () => number;
  /** Takes the mutex of the home unless another program has it. */
  readonly takeMutex: () => boolean;
  readonly dropMutex: () => void;
  /** From now on a polite request to end is not heard. */
  readonly ignoreSignals: () => void;
}

export const fail = (code: number, message: string): never => {
  throw new Exit(code, message);
};

/** A command that may fail, as `command || fail …`. */
export function* orFail(message: string, work: Program): Program {
  try {
    yield* work;
  } catch (error) {
    if (error instanceof NoRoomError) fail(1, `${message}: No space left on device`);
    if (error instanceof CallError) fail(1, `${message}: ${error.message}`);
    throw error;
  }
}

/** One system call. */
export function* call(work: () => void): Program {
  yield "call";
  work();
}

export function requireInitialised({ tree }: System): void {
  if (!tree.isDir("pods") || !tree.isFile("cluster-id.txt")) {
    fail(REMOTE_EXIT.notInitialised, "home is not initialised");
  }
}

export function firstLine({ tree }: System, path: string): string {
  return tree.read(path)?.split("\n", 1)[0] ?? "";
}

export function* put({ tree, now }: System, path: string, text: string): Program {
  const temp = `${path}.sns-new.1`;
  try {
    yield* call(() => tree.write(temp, `${text}\n`, now()));
    yield* call(() => tree.syncFile(temp));
    yield* call(() => tree.rename(temp, path));
  } catch (error) {
    if (error instanceof Exit) throw error;
    tree.remove(temp);
    fail(1, `cannot write home/${path} (is the disk full or read-only?)`);
  }
}

export interface Lock {
  fence: number;
  token: string;
  owner: string;
  machine: string;
  since: number;
  expires: number;
}

export function* takeMutex({ tree, now, takeMutex }: System): Program {
  yield* orFail("cannot write home/.sns-mutex", call(() => tree.touch(".sns-mutex", now())));
  for (let turns = 1; !takeMutex(); turns++) {
    if (turns === 100) fail(REMOTE_EXIT.locked, "another program keeps writing to home");
    yield 100;
  }
}

export function readLock({ tree }: System): Lock {
  const lock: Record<string, string> = {};
  for (const line of (tree.read(".sns-lock") ?? "").split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) lock[line.slice(0, at)] = line.slice(at + 1);
  }
  const number = (key: string) => {
    const text = lock[key] ?? "0";
    if (/[^0-9]/.test(text)) fail(1, "cannot read home/.sns-lock");
    return Number(text);
  };
  return {
    fence: number("fence"),
    token: lock["token"] ?? "",
    owner: lock["owner"] ?? "",
    machine: lock["machine"] ?? "",
    since: number("since"),
    expires: number("expires"),
  };
}

export function* writeLock(system: System, lock: Lock): Program {
  const { fence, token, owner, machine, since, expires } = lock;
  const lines = { fence, token, owner, machine, since, expires };
  const text = Object.entries(lines).map(([key, value]) => `${key}=${value}`).join("\n");
  yield* put(system, ".sns-lock", text);
}

export function* freeLock(system: System, { fence }: Lock): Program {
  yield* writeLock(system, { fence, token: "", owner: "", machine: "", since: 0, expires: 0 });
}

export function requireLock(system: System, token: string, fence: string): Lock {
  const lock = readLock(system);
  const line = firstLine(system, "lock-token.txt");
  if (lock.token !== token || String(lock.fence) !== fence || line !== token) {
    fail(REMOTE_EXIT.lockLost, `the lock ${token} was lost`);
  }
  if (lock.expires <= system.now()) fail(REMOTE_EXIT.lockLost, `the lock ${token} has expired`);
  return lock;
}

/** `rm -rf`, entry by entry. */
export function* removeTree(tree: Tree, path: string): Program {
  for (const name of tree.names(path)) yield* removeTree(tree, `${path}/${name}`);
  if (tree.get(path) !== undefined) yield* call(() => tree.remove(path));
}

export function* replaceTree(tree: Tree, staged: string, live: string): Program {
  const mode = tree.get(staged)!.mode;
  yield* call(() => tree.chmod(staged, mode | 0o700));
  yield* call(() => tree.chmod(live, tree.get(live)!.mode | 0o700));
  const gone = tree.names(live).filter((name) => tree.get(`${staged}/${name}`) === undefined);
  for (const name of tree.names(staged)) {
    yield* replaceEntry(tree, `${staged}/${name}`, `${live}/${name}`);
  }
  if (gone.length > 0) yield "step";
  for (const name of gone) yield* removeTree(tree, `${live}/${name}`);
  yield* call(() => tree.chmod(live, mode));
}

function* replaceEntry(tree: Tree, staged: string, live: string): Program {
  if (tree.isDir(staged) && tree.isDir(live)) return yield* replaceTree(tree, staged, live);
  yield "step";
  if (tree.isDir(live)) yield* removeTree(tree, live);
  yield* call(() => tree.rename(staged, live));
}
