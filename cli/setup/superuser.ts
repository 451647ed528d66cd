/** `sns host setup superuser`: the account that administers a host. */
import { join, relative, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { readTextIfPresent, statIfPresent, writeFileAtomic } from "../project/files.ts";
import { SUPER_USER_ENV } from "../project/host.ts";
import { formatSuperUserEnv, type HostEnv, parseHostEnv } from "../project/host_env.ts";
import { ensureKeyPair, publicKeys } from "./keys.ts";
import { type FirstLogin, firstLogin, type Login, loginAs } from "./login.ts";
import { isNoLogin, runSteps, type Setup, tell } from "./setup.ts";

const DEFAULT_NAME = "snssuper";
const DEFAULT_KEY = "id_ed25519_super";
const KEYS = "pubkeys.superuser";

export interface SuperUserOptions {
  readonly first: FirstLogin;
  /** Name of the account; default that of host-superuser.env, or snssuper. */
  readonly name: string | undefined;
  /** Path of its private key, from the directory of the host. */
  readonly keyFile: string | undefined;
}

/**
 * Makes the account by the first login, or looks after it by its own when it is there already.
 *
 * @returns its login; that of a dry run, which makes none, is the first one
 * @throws {UserError}
 */
export async function setUpSuperUser(setup: Setup, options: SuperUserOptions): Promise<Login> {
  const env = await plannedEnv(setup, options);
  const keyFile = resolve(setup.host.dir, env.keyFile);
  await ensureKeyPair(setup, keyFile);
  const keys = await publicKeys(setup, keyFile, KEYS);
  const own = await loginAs(setup, { user: env.user, keyFile });
  const login = await opens(own) ? own : await firstLogin(setup, options.first);
  // A dry run has no key yet that it could ask for.
  if (setup.look && keys.length === 0) keys.push("the key that is to be made");
  const stdin = new TextEncoder().encode(keys.map((key) => `${key}\n`).join(""));
  await runSteps(setup, login.host, "superuser", [env.user], { stdin });
  if (!setup.look) await checkLogin(setup, own);
  await writeEnv(setup, env);
  return setup.look ? { route: own.route, host: login.host } : own;
}

async function plannedEnv(setup: Setup, { name, keyFile }: SuperUserOptions): Promise<HostEnv> {
  const { host } = setup;
  const text = await readTextIfPresent(join(host.dir, SUPER_USER_ENV));
  const given = text === undefined
    ? undefined
    : parseHostEnv(text, `${host.name}/${SUPER_USER_ENV}`);
  const user = name ?? given?.user ?? DEFAULT_NAME;
  const key = keyFile ?? (given?.keyFile || DEFAULT_KEY);
  if (given !== undefined && (given.user !== user || given.keyFile !== key)) {
    throw new UserError(
      `"${host.name}" has the administrator ${given.user} with the key ${given.keyFile} already`,
      { hint: `leave the options out, or remove ${join(host.dir, SUPER_USER_ENV)} first` },
    );
  }
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user) || user === "root" || user === host.env.user) {
    throw new UserError(`Cannot make "${user}" the administrator of "${host.name}"`, {
      hint: user === host.env.user
        ? "the user that runs the pods is to be another one"
        : "use lower case letters, digits, _ and -",
    });
  }
  return { ...host.env, ...given, user, keyFile: key };
}

/** Whether the account lets us in. */
async function opens({ host }: Login): Promise<boolean> {
  try {
    const { code } = await host.run({ script: "sudo -n true 2>/dev/null", timeoutMs: 30_000 });
    return code === 0;
  } catch (error) {
    if (isNoLogin(error)) return false;
    throw error;
  }
}

async function checkLogin({ host }: Setup, own: Login): Promise<void> {
  if (await opens(own)) return;
  const { user, address, port } = own.route.at(-1)!;
  throw new UserError(
    `The account ${user} was made, but ${address}:${port} does not let it in with its key`,
    { hint: `see AllowUsers and AllowGroups in /etc/ssh/sshd_config of "${host.name}"` },
  );
}

async function writeEnv(setup: Setup, env: HostEnv): Promise<void> {
  const { host, cluster } = setup;
  const path = join(host.dir, SUPER_USER_ENV);
  const shown = relative(cluster.root, path);
  if (await statIfPresent(path)) return tell(setup, "env", "ok", shown);
  if (setup.look) return tell(setup, "env", "would change", `write ${shown}`);
  await writeFileAtomic(path, formatSuperUserEnv(env));
  tell(setup, "env", "changed", `wrote ${shown}`);
}
