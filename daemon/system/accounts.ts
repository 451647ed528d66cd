/** The accounts that are served: asked of the system, in a bounded number, and kept through its outages. */
import { ChildError, runChild } from "../host/child.ts";
import { messageOf } from "../files.ts";
import { type Account, isAccountName, parseAccounts } from "./account.ts";

/** Accounts that are served at most: each is looked at once in a while. */
export const MOST_ACCOUNTS = 1_000;
/** Bytes of the system's answer that are read. */
const MAX_BYTES = 8 * 1024 * 1024;
/** An account that is missing for this long (ms) is let go: directories of accounts have outages. */
const MISSING_MS = 300_000;
/** The exit code of getent when some of the names are unknown. */
const SOME_UNKNOWN = 2;

export interface AskOptions {
  /** The names in SIMPLENETESD_ACCOUNTS; without any, all accounts that the system lists. */
  readonly names: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Default 10 s. */
  readonly timeoutMs?: number;
}

/** The names in SIMPLENETESD_ACCOUNTS, by blanks or commas. */
export function accountNames(text: string | undefined): readonly string[] {
  return (text ?? "").split(/[\s,]+/).filter((name) => name !== "");
}

/**
 * Asks the system, /etc/passwd and whatever else its nsswitch.conf names, by getent(1).
 *
 * @throws when it gives no answer, or a name is none
 */
export async function askAccounts(options: AskOptions): Promise<readonly Account[]> {
  const { names, env, signal, timeoutMs = 10_000 } = options;
  const wrong = names.find((name) => !isAccountName(name));
  if (wrong !== undefined) throw new Error(`SIMPLENETESD_ACCOUNTS: "${wrong}" is no account name`);
  try {
    const { code, stdout, stderr } = await runChild({
      argv: ["getent", "passwd", "--", ...names],
      cwd: "/",
      env,
      timeoutMs,
      signal,
      maxOutputBytes: MAX_BYTES,
      lingerMs: 200,
    });
    if (code === 0 || (code === SOME_UNKNOWN && names.length > 0)) {
      return parseAccounts(new TextDecoder().decode(stdout));
    }
    throw new Error(`exit code ${code} ${new TextDecoder().decode(stderr).trim()}`.trim());
  } catch (error) {
    const hint = error instanceof ChildError && error.reason === "output-limit"
      ? "; name the ones to serve in SIMPLENETESD_ACCOUNTS"
      : "";
    throw new Error(`Cannot list the accounts by getent: ${messageOf(error)}${hint}`, {
      cause: error,
    });
  }
}

/** The accounts that are served, from answer to answer. */
export class AccountRegister {
  #accounts: readonly Account[] = [];
  readonly #seenAt = new Map<number, number>();

  get accounts(): readonly Account[] {
    return this.#accounts;
  }

  /**
   * Takes an answer of the system.
   *
   * @param now milliseconds, monotonic
   * @returns what is wrong with it, if anything
   */
  update(found: readonly Account[], now: number): string | undefined {
    for (const { uid } of found) this.#seenAt.set(uid, now);
    const known = new Set(found.map(({ uid }) => uid));
    const missing = this.#accounts.filter(({ uid }) =>
      !known.has(uid) && now - this.#seenAt.get(uid)! < MISSING_MS
    );
    const all = [...found, ...missing];
    this.#accounts = all.slice(0, MOST_ACCOUNTS);
    const uids = new Set(this.#accounts.map(({ uid }) => uid));
    for (const uid of this.#seenAt.keys()) if (!uids.has(uid)) this.#seenAt.delete(uid);
    if (all.length <= MOST_ACCOUNTS) return undefined;
    return `There are ${all.length} accounts that can log in, the first ${MOST_ACCOUNTS} are served: ` +
      "name the ones that have host homes in SIMPLENETESD_ACCOUNTS";
  }
}
