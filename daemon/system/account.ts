/** Accounts of this machine that may have host homes. */

/** A line of passwd(5). */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Absolute path. */
  readonly home: string;
}

/** Shells that say that nobody works with the account: no cluster is synced to it either. */
const NO_SHELL = /(^|\/)(nologin|false|sync|shutdown|halt)$/;

/**
 * The accounts in a text of lines as in passwd(5) that may have host homes: those that can log in, root
 * excepted. Lines that are none are passed over; of two lines with one uid the first counts.
 */
export function parseAccounts(passwd: string): readonly Account[] {
  const byUid = new Map<number, Account>();
  for (const line of passwd.split("\n")) {
    const [name = "", , uidText = "", gidText = "", , home = "", shell = ""] = line.split(":");
    const [uid, gid] = [id(uidText), id(gidText)];
    if (!isAccountName(name) || !uid || gid === undefined) continue;
    if (!home.startsWith("/") || home === "/" || NO_SHELL.test(shell)) continue;
    if (!byUid.has(uid)) byUid.set(uid, { name, uid, gid, home });
  }
  return [...byUid.values()];
}

/** Whether `text` may name an account; directories have ones like `ann@example.com` and `EXAMPLE\\ann`. */
export function isAccountName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/.test(text);
}

/** A user or group id; -1 and its 16 bit kin mean "nobody" to the system's calls. */
function id(text: string): number | undefined {
  if (!/^[0-9]{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number === 0xffff || number >= 0xffffffff ? undefined : number;
}
