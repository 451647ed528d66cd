/** `sns host setup install`: account, keys, podman, programs and service of a host. */
import { resolve } from "node:path";
import type { Host } from "../../daemon/mod.ts";
import { systemdUnit, USER_SERVICES, USER_SERVICES_FILE } from "../../daemon/mod.ts";
import { UserError } from "../errors.ts";
import { AS_ROOT, SETUP_PROGRAMS } from "../remote/setup/programs.ts";
import { confirmChange } from "./confirm.ts";
import { firewall, openings } from "./firewall.ts";
import { ensureKeyPair, publicKeys } from "./keys.ts";
import { type Login, loginAs } from "./login.ts";
import { PODMAN_PACKAGES } from "./packages.ts";
import {
  checkedSum,
  FILE_VARIABLE,
  findProgramFile,
  type ProgramFile,
  targetOf,
} from "./program_file.ts";
import { runSteps, type Setup, tell } from "./setup.ts";

const PREFIX = "/usr/local";

export interface InstallOptions {
  /** Path of the file with all programs. */
  readonly program: string | undefined;
  readonly skipPodman: boolean;
  readonly skipSystemd: boolean;
  readonly skipFirewall: boolean;
  /** Only the keys in pubkeys/ open the account with the pods, not KEYFILE. */
  readonly strictUserKeys: boolean;
  /** The same of pubkeys.superuser/ and the administrator. */
  readonly strictSuperUserKeys: boolean;
  readonly confirmSeconds: number;
}

/** @throws {UserError} */
export async function install(
  setup: Setup,
  login: Login,
  options: InstallOptions,
): Promise<void> {
  checkEnv(setup);
  await users(setup, login, options);
  if (!options.skipPodman) await podman(setup, login.host);
  if (!options.skipSystemd) {
    const program = await programs(setup, login.host, options.program);
    await runSteps(setup, login.host, "service", [
      ...[PREFIX, systemdUnit(`${PREFIX}/bin/simplenetesd`).trimEnd()],
      ...[program.deno, program.apps],
      ...[USER_SERVICES_FILE, USER_SERVICES.trimEnd()],
    ]);
  }
  if (!options.skipFirewall) await firewall(setup, login, options.confirmSeconds);
  if (!options.strictUserKeys) await checkUser(setup);
}

function checkEnv({ host }: Setup): void {
  const { user, keyFile } = host.env;
  const refuse = (why: string, hint: string): never => {
    throw new UserError(`Cannot set up "${host.name}": ${why}`, { hint });
  };
  const where = `change it in ${host.name}/host.env`;
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user) || user === "root") {
    refuse(`USER=${user} can't run the pods`, `${where}: lower case letters, digits, _ and -`);
  }
  if (keyFile === "") refuse("KEYFILE is empty", where);
  openings(host.env, host.name);
}

async function users(setup: Setup, login: Login, options: InstallOptions): Promise<void> {
  const { env, dir, name } = setup.host;
  const hop = login.route.at(-1)!;
  const own = resolve(dir, env.keyFile);
  if (!options.strictUserKeys) await ensureKeyPair(setup, own);
  const ofUser = await publicKeys(setup, options.strictUserKeys ? undefined : own, "pubkeys");
  // A dry run has no key yet that it could ask for.
  if (setup.look && ofUser.length === 0) ofUser.push("the key that is to be made");
  const ofSuper = await publicKeys(
    setup,
    options.strictSuperUserKeys ? undefined : hop.keyFile,
    "pubkeys.superuser",
  );
  if (setup.look && ofSuper.length === 0) ofSuper.push("the key that is to be made");
  const empty = ofUser.length === 0 ? "pubkeys" : ofSuper.length === 0 ? "pubkeys.superuser" : "";
  if (empty !== "") {
    throw new UserError(`Nobody could log in to "${name}": there are no keys in ${dir}/${empty}`, {
      hint: "put public keys (*.pub) there, or leave the strict option out",
    });
  }
  const stdin = new TextEncoder().encode([...ofUser, "---", ...ofSuper, ""].join("\n"));
  const args = [env.user, hop.user, String(options.confirmSeconds)];
  const line = await runSteps(setup, login.host, "users", args, { stdin });
  if (line === undefined) return;
  await confirmChange(setup, {
    ...{ name: "keys", line, route: login.route, before: login.route },
    seconds: options.confirmSeconds,
    hint: `KEYFILE of ${name}/host-superuser.env has to be one of the keys in pubkeys.superuser/`,
  });
}

async function podman(setup: Setup, host: Host): Promise<void> {
  const { env } = setup.host;
  const ports = env.expose.map(Number).filter((port) => port !== env.port);
  const { apt, dnf } = PODMAN_PACKAGES;
  // 80 is for the ingress, wherever it will be.
  await runSteps(setup, host, "podman", [env.user, String(Math.min(80, ...ports)), apt, dnf]);
}

/** Brings the programs to the host, unless they are there already. */
async function programs(setup: Setup, host: Host, named: string | undefined): Promise<ProgramFile> {
  const { deps, look } = setup;
  const { stdout } = await host.run({
    script: AS_ROOT,
    args: [SETUP_PROGRAMS.machine, "look", PREFIX],
    timeoutMs: 60_000,
    signal: deps.signal,
  });
  const [machine = "", there] = new TextDecoder().decode(stdout).trim().split("\n");
  const file = await findProgramFile({
    target: targetOf(machine),
    named: named === undefined ? undefined : resolve(deps.cwd, named),
    own: deps.env(FILE_VARIABLE),
  });
  const text = `simplenetes ${file.version} in ${PREFIX}/bin`;
  if (there === `${file.deno} ${file.apps}`) tell(setup, "program", "ok", text);
  else if (look) tell(setup, "program", "would change", text);
  else {
    const sum = await checkedSum(file.path);
    const { readable } = await Deno.open(file.path);
    deps.progress.set(setup.host.name, "sending the programs");
    await runSteps(setup, host, "program", [PREFIX, sum], { stdin: readable });
  }
  return file;
}

/** Whether the account that runs the pods lets us in. */
async function checkUser(setup: Setup): Promise<void> {
  if (setup.look) return;
  const { user, keyFile } = setup.host.env;
  const login = await loginAs(setup, { user, keyFile: resolve(setup.host.dir, keyFile) });
  await login.host.run({ script: "true", timeoutMs: 30_000, signal: setup.deps.signal });
}
