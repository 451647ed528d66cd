/** Running programs with the privileges of an account, and nothing of root's kept. */
import type { Account } from "./account.ts";

/**
 * The command line that runs `argv` as `account`: its uid, gid and supplementary groups, no
 * capabilities. New privileges and the bounding set stay open, as rootless podman needs the setuid
 * programs newuidmap and newgidmap. The environment is the caller's to clear.
 */
export function asAccount(
  account: Account,
  argv: readonly [string, ...string[]],
): [string, ...string[]] {
  return [
    "setpriv",
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    "--init-groups",
    "--inh-caps=-all",
    "--ambient-caps=-all",
    "--",
    ...argv,
  ];
}

/** Variables of the daemon that its children get as they are; all others are left behind. */
const PASSED_ON = [
  "LANG",
  "TZ",
  "SPACE_LOG_LEVEL",
  "SIMPLENETES_BIN",
  "JOURNAL_STREAM",
  "DENO_DIR",
  "DENO_NO_UPDATE_CHECK",
  "NO_COLOR",
] as const;

/**
 * The whole environment of a program that serves `account`.
 *
 * @param own the daemon's environment
 * @param runtimeDir the account's runtime directory, when it has one
 */
export function accountEnvironment(
  account: Account,
  own: Readonly<Record<string, string | undefined>>,
  runtimeDir: string | undefined,
): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => own[name] ? [[name, own[name]] as const] : []);
  return {
    PATH: own.PATH || "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: "/bin/sh",
    ...(runtimeDir === undefined ? {} : { XDG_RUNTIME_DIR: runtimeDir }),
    ...Object.fromEntries(passed),
  };
}

/** The whole environment of a program that root runs for the daemon. */
export function rootEnvironment(own: Readonly<Record<string, string | undefined>>) {
  return accountEnvironment({ name: "root", uid: 0, gid: 0, home: "/" }, own, undefined);
}
