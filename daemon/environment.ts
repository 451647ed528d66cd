/** The environment that pods are started with: small, and the same however the daemon was started. */

/** The account that pods run as. */
export interface Account {
  readonly name: string;
  readonly home: string;
  /** The user's runtime directory when it exists; rootless podman needs it. */
  readonly runtimeDir?: string;
}

/** Where programs are looked for when the daemon has no PATH. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * @param own the daemon's environment, of which only LANG, PATH, SPACE_LOG_LEVEL, TZ and
 * XDG_RUNTIME_DIR are read
 * @param programDir put in front of PATH, so that pods find the programs of this release
 */
export function podEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  account: Account,
  programDir?: string,
): Record<string, string> {
  const path = own.PATH || DEFAULT_PATH;
  const runtimeDir = own.XDG_RUNTIME_DIR || account.runtimeDir;
  return {
    PATH: programDir === undefined ? path : `${programDir}:${path}`,
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    ...(runtimeDir ? { XDG_RUNTIME_DIR: runtimeDir } : {}),
    ...(own.LANG ? { LANG: own.LANG } : {}),
    ...(own.TZ ? { TZ: own.TZ } : {}),
    SPACE_LOG_LEVEL: own.SPACE_LOG_LEVEL || "2",
  };
}
