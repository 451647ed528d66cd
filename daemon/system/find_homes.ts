/** Finds the host homes of one account, with its privileges: root itself looks into none of its directories. */
import { ChildError, runChild } from "../host/child.ts";
import type { Account } from "./account.ts";
import findHomesScript from "./find_homes.sh" with { type: "text" };
import { asAccount } from "./privilege.ts";

/** Host homes that one account may have: each costs a process. */
export const MOST_HOMES = 16;
/** Bytes of a path that the system takes. */
const PATH_MAX = 4096;

export interface FindOptions {
  /** The whole environment of the look. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Default 10 s. */
  readonly timeoutMs?: number;
}

/**
 * Looks once.
 *
 * @throws when the look takes too long, or gives nothing that can be understood
 */
export async function findHomes(
  account: Account,
  options: FindOptions,
): Promise<readonly string[]> {
  try {
    const { code, stdout, stderr } = await runChild({
      argv: asAccount(account, ["/bin/sh", "-c", findHomesScript]),
      cwd: "/",
      env: options.env,
      timeoutMs: options.timeoutMs ?? 10_000,
      signal: options.signal,
      maxOutputBytes: MOST_HOMES * 4 * PATH_MAX,
      lingerMs: 200,
    });
    if (code !== 0) {
      throw new Error(`exit code ${code}: ${new TextDecoder().decode(stderr).trim()}`);
    }
    return parseHomes(stdout);
  } catch (error) {
    const why = error instanceof ChildError || error instanceof Error ? error.message : error;
    throw new Error(`Cannot look for the host homes of ${account.name}: ${why}`, { cause: error });
  }
}

/**
 * The paths that a look printed, each once, sorted.
 *
 * @throws when there are more than {@link MOST_HOMES}
 */
export function parseHomes(output: Uint8Array): readonly string[] {
  // A path that is no UTF-8 cannot be passed on as it is: it is none of sns's making.
  const texts = new TextDecoder().decode(output).split("\0");
  const homes = [...new Set(texts)].filter((path) => isCleanPath(path)).toSorted();
  if (homes.length > MOST_HOMES) {
    throw new Error(`there are ${homes.length}, more than ${MOST_HOMES}`);
  }
  return homes;
}

/** An absolute path without detours, links aside. */
export function isCleanPath(path: string): boolean {
  const parts = path.split("/");
  return parts.length > 1 && parts[0] === "" && !path.includes("\ufffd") &&
    parts.slice(1).every((part) => part !== "" && part !== "." && part !== "..");
}
