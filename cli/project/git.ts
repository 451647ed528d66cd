/** The project's and the pods' git repositories, through the `git` program. */
import { join } from "node:path";
import { LocalHost } from "../../daemon/mod.ts";
import { UserError } from "../errors.ts";

const TIMEOUT_MS = 30_000;
const CLONE_TIMEOUT_MS = 300_000;

/**
 * Texts in English, no questions asked, and no repository handed down by a surrounding git (a hook
 * sets GIT_DIR), only the one in `$1`.
 */
const RUN_GIT = `
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX
LC_ALL=C GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0
export LC_ALL GIT_TERMINAL_PROMPT GIT_OPTIONAL_LOCKS
directory=$1
shift
exec git -C "$directory" "$@"
`;

interface GitResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git in `dir`; a non-zero exit is a result. */
export async function tryGit(
  dir: string,
  args: readonly string[],
  timeoutMs = TIMEOUT_MS,
): Promise<GitResult> {
  const result = await new LocalHost("this machine")
    .run({ script: RUN_GIT, args: [dir, ...args], timeoutMs });
  if (result.code === 127) {
    throw new UserError("Cannot run git: it is not installed", { hint: "install the package git" });
  }
  return { ...result, stdout: new TextDecoder().decode(result.stdout) };
}

/**
 * Runs git in `dir` and returns its output.
 *
 * @throws {UserError} with what it says, when it does not end with 0
 */
export async function git(
  dir: string,
  args: readonly string[],
  timeoutMs?: number,
): Promise<string> {
  const { code, stdout, stderr } = await tryGit(dir, args, timeoutMs);
  if (code === 0) return stdout;
  throw new UserError(
    `Cannot run "git ${args[0]}" in ${dir}: ${stderr.trim() || `it ended with ${code}`}`,
  );
}

/** Whether `dir` lies in the work tree of a git repository. */
export async function isInRepository(dir: string): Promise<boolean> {
  return (await tryGit(dir, ["rev-parse", "--is-inside-work-tree"])).stdout.trim() === "true";
}

/**
 * What hosts had before, and what a release was about, is told by the history, so all of it has to be here.
 *
 * @throws {UserError} when `dir` is in a clone of a part of it
 */
export async function refuseShallow(dir: string): Promise<void> {
  const { stdout } = await tryGit(dir, ["rev-parse", "--is-shallow-repository"]);
  if (stdout.trim() !== "true") return;
  throw new UserError(`${dir} is a shallow clone: a part of the project's history is missing`, {
    hint: "git fetch --unshallow (in a pipeline: clone with the whole history)",
  });
}

/** Makes `dir` a repository with one commit of all its files. */
export async function initRepository(
  dir: string,
  message: string,
  fallbackUser: string,
): Promise<void> {
  await git(dir, ["init", "-q"]);
  await git(dir, ["add", "."]);
  const known = (await tryGit(dir, ["var", "GIT_COMMITTER_IDENT"])).code === 0;
  // Without any identity git refuses to commit; the first commit should not fail for that.
  const identity = known
    ? []
    : ["-c", `user.name=${fallbackUser}`, "-c", `user.email=${fallbackUser}@localhost`];
  await git(dir, [...identity, "commit", "-q", "-m", message]);
}

/** Clones `url` into `dir`, which must not exist. */
export async function clone(url: string, dir: string): Promise<void> {
  await git(".", ["clone", "-q", "--", url, dir], CLONE_TIMEOUT_MS);
}

/**
 * Puts the files of `commit` into the directory `to`.
 *
 * @throws {UserError} when the repository at `dir` does not have it
 */
export async function extractCommit(dir: string, commit: string, to: string): Promise<void> {
  const found = await tryGit(dir, ["rev-parse", "--verify", "-q", `${commit}^{commit}`]);
  if (found.code !== 0) {
    throw new UserError(`The project does not have the commit ${commit}`, { hint: "git fetch" });
  }
  const prefix = (await git(dir, ["rev-parse", "--show-prefix"])).replace(/\n$/, "");
  const archive = `${to}/.commit.tar`;
  await git(dir, ["archive", "--format=tar", "-o", archive, `${found.stdout.trim()}:${prefix}`]);
  const { code, stderr } = await new LocalHost("this machine").run({
    script: `tar -xf "$1" -C "$2" && rm -f "$1"`,
    args: [archive, to],
    timeoutMs: CLONE_TIMEOUT_MS,
  });
  if (code !== 0) throw new UserError(`Cannot unpack the commit ${commit}: ${stderr.trim()}`);
}

/** The URL of the remote `origin` of the repository at `dir`, if it has one. */
export async function remoteUrl(dir: string): Promise<string | undefined> {
  const { code, stdout } = await tryGit(dir, ["config", "--get", "remote.origin.url"]);
  return code === 0 ? stdout.trim() : undefined;
}

/** Full ids of HEAD's whole history, parents before children; empty without a commit. */
export async function history(dir: string): Promise<string[]> {
  const head = await tryGit(dir, ["rev-parse", "--verify", "-q", "HEAD"]);
  if (head.code !== 0) return [];
  const ids = await git(dir, ["rev-list", "--topo-order", "--reverse", "HEAD"]);
  return ids.split("\n").filter((id) => id !== "");
}

/** Files below `paths`, relative to `dir` as these are, that differ from HEAD or are not tracked. */
export async function changedPaths(
  dir: string,
  paths: readonly string[] = ["."],
): Promise<string[]> {
  const prefix = (await git(dir, ["rev-parse", "--show-prefix"])).replace(/\n$/, "");
  const status = await git(dir, [
    "status",
    "--porcelain=v1",
    "-z",
    "--untracked-files=all",
    "--no-renames",
    "--",
    ...paths,
  ]);
  return status.split("\0").filter((entry) => entry !== "")
    .map((entry) => entry.slice("XY ".length))
    .map((entry) => entry.startsWith(prefix) ? entry.slice(prefix.length) : entry);
}

/**
 * What log lines call the state of `path`: tag or commit of the last change to it, `<unknown>` when
 * it has uncommitted changes, empty when it was never committed, `<none>` outside any repository.
 */
export async function commitLabel(dir: string, path: string): Promise<string> {
  if (!await isInRepository(dir)) return "<none>";
  const last = await tryGit(dir, ["log", "-1", "--format=%H", "--", path]);
  const id = last.code === 0 ? last.stdout.trim() : "";
  if (id === "") return "";
  if ((await changedPaths(dir, [path])).length > 0) return "<unknown>";
  return (await git(dir, ["describe", "--always", "--tags", id])).trim();
}

/** What to change in `before` to get `after`, as `git diff` shows it for a file of the name `name`. */
export async function diffTexts(name: string, before: string, after: string): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "sns-diff-" });
  try {
    await Deno.writeTextFile(join(dir, "before"), before);
    await Deno.writeTextFile(join(dir, "after"), after);
    const { code, stdout, stderr } = await tryGit(dir, [
      ...["diff", "--no-index", "--no-color", "--no-ext-diff", "--no-prefix"],
      ...["before", "after"],
    ]);
    if (code > 1) throw new UserError(`Cannot compare ${name}: ${stderr.trim()}`);
    const hunks = stdout.indexOf("@@");
    return hunks < 0 ? "" : `--- ${name}\n+++ ${name}\n${stdout.slice(hunks)}`;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
