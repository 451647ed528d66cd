/** Where the socket of a proxy lies: as SOCKET says, or in a directory that only its user may enter. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostAddress, ProxyConf } from "../conf/mod.ts";

/** Directories for sockets, the best first. Both a proxy and whoever asks it look there. */
export interface SocketDirectories {
  /** `$XDG_RUNTIME_DIR`, which is not made by us. */
  readonly runtime: string | undefined;
  /** Below the directory for temporary files. */
  readonly own: string;
}

/** Those of the user that this process runs as. */
export function socketDirectories(): SocketDirectories {
  return {
    runtime: Deno.env.get("XDG_RUNTIME_DIR") || undefined,
    own: join(tmpdir(), `simplenetes-${Deno.uid() ?? "user"}`),
  };
}

/** The name of the socket of a proxy with these settings; the same one as long as its address is. */
export function socketName(conf: ProxyConf, hosts: readonly HostAddress[]): string {
  const address = conf.host ?? hosts[0]?.hostname ?? "any";
  return `simplenetes-proxy-${address.replace(/[^\w.:-]/g, "_")}-${conf.port}.sock`;
}

/**
 * The path for the socket of a proxy, in a directory that is there.
 *
 * @throws Error when there is no directory that is private to the user.
 */
export async function makeSocketPath(
  conf: ProxyConf,
  hosts: readonly HostAddress[],
  { runtime, own }: SocketDirectories,
): Promise<string> {
  if (conf.socket !== undefined) return conf.socket;
  const name = socketName(conf, hosts);
  if (runtime !== undefined && await whyNotPrivate(runtime) === undefined) {
    return join(runtime, name);
  }
  await Deno.mkdir(own, { mode: 0o700 }).catch((error) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
  const problem = await whyNotPrivate(own);
  if (problem !== undefined) throw new Error(`${own} ${problem}; set SOCKET or XDG_RUNTIME_DIR`);
  return join(own, name);
}

/** The paths at which the socket of a proxy may be, from directories that can be trusted. */
export async function findSocketPaths(
  conf: ProxyConf,
  hosts: readonly HostAddress[],
  { runtime, own }: SocketDirectories,
): Promise<string[]> {
  if (conf.socket !== undefined) return [conf.socket];
  const paths: string[] = [];
  for (const directory of [runtime, own]) {
    if (directory === undefined || await whyNotPrivate(directory) !== undefined) continue;
    paths.push(join(directory, socketName(conf, hosts)));
  }
  return paths;
}

/** Why nobody should put a socket into `directory`; `undefined` when only its user can enter it. */
export async function whyNotPrivate(directory: string): Promise<string | undefined> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(directory);
  } catch (error) {
    if (error instanceof Error) return `cannot be looked at: ${error.message}`;
    throw error;
  }
  if (!info.isDirectory) return "is no directory";
  if (info.uid !== Deno.uid()) return "belongs to another user";
  if (((info.mode ?? 0) & 0o077) !== 0) return "is open to other users";
  return undefined;
}
