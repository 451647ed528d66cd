/** The commit rule: a host may only be taken forward along HEAD's history. Nothing here does I/O. */

/**
 * How HEAD relates to the commit that a host was last synced with:
 * - `first`: it never was
 * - `equal`: the same commit
 * - `ahead`: HEAD descends from it
 * - `behind`: it descends from HEAD; syncing would roll the host back
 * - `branched`: neither descends from the other
 */
export type Verdict = "first" | "equal" | "ahead" | "behind" | "branched";

/** Reads commit-chain.txt: ids, full or abbreviated, oldest first. */
export function parseCommitChain(text: string): string[] {
  return text.split(/\s+/).filter((id) => id !== "");
}

/** The inverse of {@link parseCommitChain}; one line. */
export function formatCommitChain(ids: readonly string[]): string {
  return ids.join(" ") + "\n";
}

/**
 * Judges by ancestry. A chain holds the whole history of its last commit, so an id that occurs in it
 * is an ancestor of that commit.
 *
 * @param local full ids of HEAD's history, HEAD last
 * @param remote the host's chain
 */
export function judgeChain(local: readonly string[], remote: readonly string[]): Verdict {
  const head = local.at(-1);
  const last = remote.at(-1);
  if (last === undefined) return "first";
  if (head === undefined) return "branched";
  if (isSame(head, last)) return "equal";
  if (local.some((id) => isSame(id, last))) return "ahead";
  if (remote.some((id) => isSame(head, id))) return "behind";
  return "branched";
}

/** Whether `id`, full or abbreviated, means the commit `full`. */
function isSame(full: string, id: string): boolean {
  return id.length >= 4 && full.startsWith(id);
}
