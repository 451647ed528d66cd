/** The way to a host: itself, and the jump hosts before it. */
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { type HostEnv, parseHostEnv } from "../project/host_env.ts";
import { isHostName } from "../project/pod_ref.ts";
import { parseSshFlags, type SshFlags, sshOptions } from "./flags.ts";

/** One machine on the way, and how to log in there. */
export interface Hop {
  /** What messages call it: the name of the host, or the path of its env file. */
  readonly name: string;
  /** Absolute path of its env file, which tells hops apart. */
  readonly envFile: string;
  readonly address: string;
  readonly port: number;
  /** The port by which its host key is known, where that is another one. */
  readonly keyPort?: number;
  readonly user: string;
  /** Absolute path of the private key, when one is named. */
  readonly keyFile?: string;
  /** Logs in with this, and with no key. */
  readonly password?: string;
  readonly flags: SshFlags;
  /** The same as options of the ssh program, `Name=value` each. */
  readonly options: readonly string[];
}

/** The machines from the first that is dialled to the host itself, which is the last. */
export type Route = readonly [Hop, ...Hop[]];

/** Who logs in at the end of a route, and how. */
export interface Account {
  readonly user: string;
  readonly keyFile?: string;
  readonly password?: string;
}

/** The same way to another account, over a connection of its own. */
export function routeAs(route: Route, { user, keyFile, password }: Account): Route {
  const { keyFile: _key, password: _password, ...hop } = route.at(-1)!;
  const way = password === undefined ? keyFile ?? "" : "by password";
  const last = {
    ...hop,
    envFile: `${hop.envFile} as ${user} ${way}`,
    user,
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(password === undefined ? {} : { password }),
  };
  return [...route.slice(0, -1), last] as unknown as Route;
}

/** Gives the text of an env file, or `undefined` when there is no such file. */
export type ReadEnvFile = (path: string) => Promise<string | undefined>;

/**
 * Follows JUMPHOST from an env file on. It names another host of the project, or the path of a host's
 * directory or env file, from the directory of the env file that it stands in.
 *
 * @param envFile absolute path of the host's env file
 * @param root the project's directory
 * @throws {UserError} when a jump host does not exist, is local, or leads back to itself
 */
export async function resolveRoute(
  envFile: string,
  root: string,
  read: ReadEnvFile,
): Promise<Route> {
  const hops: Hop[] = [];
  const seen = new Set<string>();
  for (let at: string | undefined = envFile; at !== undefined;) {
    const label = relative(root, at);
    if (seen.has(at)) {
      const circle = [...hops.map(({ name }) => name).reverse(), nameOf(at, root)].join(" -> ");
      throw new UserError(
        `Cannot reach "${nameOf(envFile, root)}": its jump hosts go in a circle`,
        {
          hint: `change JUMPHOST in one of the host.env of ${circle}`,
        },
      );
    }
    seen.add(at);
    const text = await read(at);
    if (text === undefined) throw new UserError(`Cannot read ${label}: it does not exist`);
    const env = parseHostEnv(text, label);
    hops.unshift(hopOf(env, at, root));
    at = env.jumpHost === "" ? undefined : await findJumpHost(env.jumpHost, at, root, read);
  }
  return hops as [Hop, ...Hop[]];
}

function hopOf(env: HostEnv, envFile: string, root: string): Hop {
  const name = nameOf(envFile, root);
  if (env.host === "local") {
    throw new UserError(`Cannot connect through "${name}": it is a local host`, {
      hint: "JUMPHOST has to name a host with an address",
    });
  }
  const label = relative(root, envFile);
  return {
    name,
    envFile,
    address: env.host,
    port: env.port,
    user: env.user,
    flags: parseSshFlags(env.flags, label),
    options: sshOptions(env.flags, label),
    ...(env.keyFile === "" ? {} : { keyFile: resolve(dirname(envFile), env.keyFile) }),
  };
}

/** The name of the host that an env file belongs to; its path for any other file. */
function nameOf(envFile: string, root: string): string {
  const dir = dirname(envFile);
  const ofProject = dirname(dir) === root && /^host(-superuser)?\.env$/.test(basename(envFile));
  if (ofProject) return basename(dir);
  const path = relative(root, envFile);
  return path.startsWith("..") ? envFile : path;
}

async function findJumpHost(
  jumpHost: string,
  envFile: string,
  root: string,
  read: ReadEnvFile,
): Promise<string> {
  const path = isAbsolute(jumpHost) ? jumpHost : join(dirname(envFile), jumpHost);
  const candidates = [join(path, "host.env"), path];
  if (isHostName(jumpHost)) candidates.push(join(root, jumpHost, "host.env"));
  for (const candidate of candidates) {
    if (await read(candidate) !== undefined) return candidate;
  }
  throw new UserError(
    `Cannot reach "${nameOf(envFile, root)}": its JUMPHOST=${jumpHost} is neither a host of the` +
      " project nor a path to one",
    { hint: `change JUMPHOST in ${relative(root, envFile)}` },
  );
}
