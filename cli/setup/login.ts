/** Logins that can be root on a host that is being set up. */
import { join } from "node:path";
import type { Host } from "../../daemon/mod.ts";
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { readTextIfPresent, statIfPresent } from "../project/files.ts";
import { SUPER_USER_ENV } from "../project/host.ts";
import { HopError } from "../transport/hop_error.ts";
import { type Account, type Route, routeAs } from "../transport/route.ts";
import type { Setup } from "./setup.ts";

const PASSWORD_TRIES = 3;
/** Environment variable with the password of the first login. */
export const PASSWORD_VARIABLE = "SNS_ROOT_PASSWORD";

export interface FirstLogin {
  readonly user: string;
  /** Absolute path of a private key. */
  readonly keyFile?: string;
  /** A file whose first line is the password. */
  readonly passwordFile?: string;
}

/** The way to the administrator's account, and the host there. */
export interface Login {
  readonly route: Route;
  readonly host: Host;
}

/**
 * The account in host-superuser.env.
 *
 * @throws {UserError} when there is none, or it is root
 */
export async function superUserLogin({ deps, cluster, host }: Setup): Promise<Login> {
  if (await statIfPresent(join(host.dir, SUPER_USER_ENV)) === undefined) {
    throw new UserError(`"${host.name}" has no ${SUPER_USER_ENV}`, {
      hint: `sns host setup superuser ${host.name}`,
    });
  }
  const connections = await deps.ssh();
  const route = await connections.route(host.dir, SUPER_USER_ENV);
  if (route.at(-1)!.user === "root") {
    throw new UserError(`Cannot set up "${host.name}": ${SUPER_USER_ENV} names root itself`, {
      hint: `remove ${join(host.dir, SUPER_USER_ENV)}, then: sns host setup superuser ${host.name}`,
    });
  }
  return { route, host: connections.at(host.name, route, cluster.root) };
}

/** A login as another user of the same host. */
export async function loginAs(setup: Setup, account: Account): Promise<Login> {
  const { deps, cluster, host } = setup;
  const connections = await deps.ssh();
  const route = routeAs(await connections.route(host.dir), account);
  return { route, host: connections.at(host.name, route, cluster.root) };
}

/**
 * The login that a new machine comes with: by a key, or by the password that is given or asked for.
 *
 * @throws {HopError} when none of them opens it
 */
export async function firstLogin(setup: Setup, first: FirstLogin): Promise<Login> {
  const { user, keyFile } = first;
  const byKey = await loginAs(setup, { user, ...(keyFile === undefined ? {} : { keyFile }) });
  let refused = await refusal(setup, byKey);
  if (refused === undefined) return byKey;
  for await (const password of passwords(setup.deps, first, byKey.route)) {
    const byPassword = await loginAs(setup, { user, password });
    refused = await refusal(setup, byPassword);
    if (refused === undefined) return byPassword;
  }
  throw refused;
}

/** Why a login is not accepted; `undefined` when it is. */
async function refusal({ deps, cluster, host }: Setup, { route }: Login) {
  try {
    await (await deps.ssh()).connect(route, cluster.root, host.name);
  } catch (error) {
    if (error instanceof HopError && error.login) return error;
    throw error;
  }
}

async function* passwords(deps: Deps, first: FirstLogin, route: Route): AsyncGenerator<string> {
  const { passwordFile, user } = first;
  const given = passwordFile === undefined
    ? deps.env(PASSWORD_VARIABLE)
    : await readTextIfPresent(passwordFile);
  if (given === undefined && passwordFile !== undefined) {
    throw new UserError(`Cannot read the password: ${passwordFile} does not exist`);
  }
  if (given !== undefined) return yield given.split("\n")[0]!;
  const { address } = route.at(-1)!;
  for (let tries = 0; tries < PASSWORD_TRIES; tries++) {
    const again = tries === 0 ? "" : "That is not it. ";
    const answer = await deps.ask(`${again}Password of ${user} at ${address}: `, { secret: true });
    if (answer === undefined || answer === "") return;
    yield answer;
  }
}
