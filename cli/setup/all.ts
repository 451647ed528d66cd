/** `sns host setup all`: from a bare machine to a host of the cluster. */
import { HostError } from "../../daemon/mod.ts";
import { UserError } from "../errors.ts";
import { getHost } from "../project/host.ts";
import { REMOTE_PROGRAMS } from "../remote/programs.ts";
import { disableRoot, type DisableRootOptions } from "./disable_root.ts";
import { homePlace, initHost } from "./init_host.ts";
import { install, type InstallOptions } from "./install.ts";
import { superUserLogin } from "./login.ts";
import { isNoLogin, type Setup, tell } from "./setup.ts";
import { setUpSuperUser, type SuperUserOptions } from "./superuser.ts";

/** @throws {UserError} */
export async function setUpAll(
  setup: Setup,
  superUser: SuperUserOptions,
  options: DisableRootOptions & InstallOptions,
): Promise<void> {
  const login = await setUpSuperUser(setup, superUser);
  await disableRoot(setup, login, options);
  // sshd may be at another port now.
  const host = await getHost(setup.cluster, setup.host.name);
  const moved = { ...setup, host };
  await install(moved, setup.look ? login : await superUserLogin(moved), options);
  await init(moved);
}

async function init(setup: Setup): Promise<void> {
  const { deps, cluster, host, look } = setup;
  const present = await isInitialised(setup);
  const place = homePlace(host);
  if (look) return tell(setup, "home", present ? "ok" : "would change", place);
  const { code, stderr } = await initHost(deps, cluster, host, false);
  if (code !== 0) {
    throw new UserError(`Cannot initialise "${host.name}": ${stderr.trim()}`, {
      hint: `see HOSTHOME in its host.env, or: sns host init ${host.name} --force`,
    });
  }
  tell(setup, "home", present ? "ok" : "changed", place);
}

/** Whether the home is one of this cluster; not in a dry run that cannot log in yet. */
async function isInitialised({ deps, cluster, host, look }: Setup): Promise<boolean> {
  try {
    const { stdout } = await deps.connect(host).run({
      script: REMOTE_PROGRAMS.facts,
      args: [host.env.hostHome],
      timeoutMs: 60_000,
      signal: deps.signal,
    });
    return new TextDecoder().decode(stdout).split("\n").includes(`cluster\t${cluster.id}`);
  } catch (error) {
    if (look && error instanceof HostError && isNoLogin(error)) return false;
    throw error;
  }
}
