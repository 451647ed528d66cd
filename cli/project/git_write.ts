/** Changes that sns makes to the project's history: always by new commits, never by rewriting. */
import { changedPaths, git, tryGit } from "./git.ts";

const PUSH_TIMEOUT_MS = 120_000;

/** The full id of HEAD. */
export async function headCommit(dir: string): Promise<string> {
  return (await git(dir, ["rev-parse", "--verify", "-q", "HEAD"])).trim();
}

/** The full id of what `name` means: a commit, a branch, a tag; `undefined` when nothing. */
export async function findCommit(dir: string, name: string): Promise<string | undefined> {
  const found = await tryGit(dir, [
    "rev-parse",
    "--verify",
    "-q",
    "--end-of-options",
    `${name}^{commit}`,
  ]);
  return found.code === 0 ? found.stdout.trim() : undefined;
}

/**
 * Commits what differs below `paths`, and nothing else.
 *
 * @param options.evenIfEmpty also when nothing differs
 * @returns whether there is a new commit
 * @throws {UserError} when git refuses, with all left as it was
 */
export async function commitPaths(
  dir: string,
  paths: readonly string[],
  message: string,
  { evenIfEmpty = false } = {},
): Promise<boolean> {
  const changed = await changedPaths(dir, paths);
  if (changed.length === 0 && !evenIfEmpty) return false;
  const known = paths.filter((path) =>
    path === "." || changed.some((each) => each === path || each.startsWith(`${path}/`))
  );
  if (known.length > 0) await git(dir, ["add", "-A", "--", ...known]);
  // Without a path git would commit what somebody else has staged.
  const only = known.length > 0 ? ["--", ...known] : ["--only", "--", ...await trackedFile(dir)];
  await git(dir, ["commit", "-q", "--allow-empty", "-m", message, ...only]);
  return true;
}

/** Some file that git knows, to name where a path has to be named. */
async function trackedFile(dir: string): Promise<string[]> {
  const text = await git(dir, ["ls-files", "-z", "--", "cluster-id.txt"]);
  return text.split("\0").filter((name) => name !== "");
}

/** Makes what is below `paths` in the work tree and the index as it is in `commit`. */
export async function restorePaths(
  dir: string,
  commit: string,
  paths: readonly string[],
): Promise<void> {
  const known: string[] = [];
  for (const path of paths) {
    const there = await tryGit(dir, ["ls-tree", commit, "--", path]);
    const here = await tryGit(dir, ["ls-files", "--", path]);
    if (there.stdout !== "" || here.stdout !== "") known.push(path);
  }
  if (known.length > 0) {
    await git(dir, ["restore", `--source=${commit}`, "--staged", "--worktree", "--", ...known]);
  }
}

/** Gives up all changes below `paths` that are not committed, new files included. */
export async function discardChanges(dir: string, paths: readonly string[]): Promise<void> {
  await restorePaths(dir, "HEAD", paths);
  const known = await existing(dir, paths);
  if (known.length > 0) await git(dir, ["clean", "-fdq", "--", ...known]);
}

/** The messages of the newest commits in HEAD's history whose message has a line that matches. */
export async function messagesMatching(
  dir: string,
  pattern: string,
  limit: number,
): Promise<string[]> {
  const text = await git(dir, [
    ...["log", `-n${limit}`, "-E", `--grep=${pattern}`, "--format=%B%x00", "HEAD"],
  ]);
  return text.split("\0").map((message) => message.trim()).filter((message) => message !== "");
}

/** The newest commit of HEAD's history that has the file `path`; `undefined` when none has. */
export async function lastCommitWith(dir: string, path: string): Promise<string | undefined> {
  const added = await git(dir, [
    "log",
    "-n1",
    "--format=%H",
    "--diff-filter=AMR",
    "HEAD",
    "--",
    path,
  ]);
  return added.trim() === "" ? undefined : added.trim();
}

/** All files of `commit` below `dir`, relative to it. */
export async function filesOf(dir: string, commit: string, path = "."): Promise<string[]> {
  const text = await git(dir, ["ls-tree", "-r", "-z", "--name-only", commit, "--", path]);
  return text.split("\0").filter((name) => name !== "");
}

/** Files below `dir` that differ between `commit` and HEAD, relative to it. */
export async function changedSince(dir: string, commit: string): Promise<string[]> {
  const text = await git(dir, [
    "diff",
    "--name-only",
    "--no-renames",
    "--relative",
    "-z",
    commit,
    "HEAD",
  ]);
  return text.split("\0").filter((name) => name !== "");
}

/**
 * Asks whether {@link push} would be accepted now.
 *
 * @throws {UserError} with what git says when it would not
 */
export async function checkPush(dir: string): Promise<void> {
  await git(dir, ["push", "-q", "--dry-run"], PUSH_TIMEOUT_MS);
}

/** Pushes the current branch to where it goes by default. */
export async function push(dir: string): Promise<void> {
  await git(dir, ["push", "-q"], PUSH_TIMEOUT_MS);
}

/** Those of `paths` that git knows or that are on disk: git refuses others. */
async function existing(dir: string, paths: readonly string[]): Promise<string[]> {
  const known: string[] = [];
  for (const path of paths) {
    const { stdout } = await tryGit(dir, [
      "ls-files",
      "-c",
      "-o",
      "--exclude-standard",
      "--",
      path,
    ]);
    if (stdout !== "") known.push(path);
  }
  return known;
}
