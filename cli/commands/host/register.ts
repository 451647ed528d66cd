import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { isPort, parseHostAddress } from "../../../proxy/conf/mod.ts";
import { defineCommand, flag, textArgument, textOption } from "../../command.ts";
import { type Deps, stampOf } from "../../deps.ts";
import { describeError, UserError } from "../../errors.ts";
import {
  type Cluster,
  findCluster,
  isProjectDirectory,
  PROJECT_FILES,
} from "../../project/cluster.ts";
import { statIfPresent } from "../../project/files.ts";
import { allHosts, SUPER_USER_ENV } from "../../project/host.ts";
import { refuseHostConflicts } from "../../project/host_conflicts.ts";
import {
  DEFAULT_HOST_ENV,
  formatHostEnv,
  formatSuperUserEnv,
  type HostEnv,
  isRouterAddress,
} from "../../project/host_env.ts";
import { appendLog } from "../../project/log.ts";
import { isHostName } from "../../project/pod_ref.ts";
import { checked } from "./trust.ts";

export interface RegisterOptions {
  readonly host: string;
  readonly address: string;
  readonly jumpHost: string | undefined;
  readonly expose: string | undefined;
  readonly home: string | undefined;
  readonly user: string | undefined;
  readonly keyFile: string | undefined;
  readonly superUser: string | undefined;
  readonly superKeyFile: string | undefined;
  readonly internal: string | undefined;
  readonly router: string | undefined;
  readonly yes: boolean;
  readonly fingerprint: string | undefined;
}

export const definition = defineCommand<RegisterOptions>({
  description: "Adds a host: a directory with host.env. The address `local` makes a directory on" +
    " this machine a host. Of any other host the key is shown and, when you accept it, recorded in the" +
    " project's known_hosts; without a terminal, --yes or --fingerprint that is left to sns host trust.",
  example: "sns host register h1 -a local -d /srv/h1 -r 127.0.0.2:32767\n" +
    "sns host register web1 -a 203.0.113.7 -e 80,443 -r 10.0.0.5:32767",
  parser: object({
    host: textArgument("HOST", 'Letters, digits, "_" and "-"'),
    address: textOption(["-a", "--address"], "ADDRESS", "ip, ip:port or local"),
    jumpHost: optional(textOption(["-j", "--jump-host"], "HOST", "Connect through this host")),
    expose: optional(textOption(["-e", "--expose"], "PORTS", "TCP ports to open to the public")),
    home: optional(
      textOption(["-d", "--dir-home"], "DIR", "Directory on the host (default: the host's name)"),
    ),
    user: optional(textOption(["-u", "--user-name"], "USER", "User that runs the pods")),
    keyFile: optional(textOption(["-k", "--keyfile"], "FILE", "Private key of that user")),
    superUser: optional(textOption(["-s", "--super-user-name"], "USER", "Administrator")),
    superKeyFile: optional(textOption(["-S", "--super-user-keyfile"], "FILE", "Its private key")),
    internal: optional(
      textOption(["-i", "--internal-networks"], "CIDRS", "Networks whose traffic is accepted"),
    ),
    router: optional(
      textOption(["-r", "--router-address"], "ADDRESS", "ip:32767 in the internal network"),
    ),
    yes: flag(["-y", "--yes"], "Accept the host's key without asking"),
    fingerprint: optional(
      textOption(["--fingerprint"], "SHA256", "Accept the host's key if it has this fingerprint"),
    ),
  }),
  run,
});

async function run(deps: Deps, options: RegisterOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const { host } = options;
  if (!isHostName(host) || isProjectDirectory(host)) {
    throw new UserError(`Cannot register a host named "${host}"`, {
      hint: 'use letters, digits, "_" and "-", and no name that the project uses itself',
    });
  }
  const dir = join(cluster.root, host);
  if (await statIfPresent(dir)) throw new UserError(`Cannot register "${host}": ${dir} exists`);
  if (options.fingerprint !== undefined) checked(options.fingerprint);
  const env = hostEnvOf(options, (text) => deps.log.warn(text));
  const superEnv = superUserEnv(options, env);
  const added = { name: host, env, state: "active" } as const;
  await refuseHostConflicts(cluster, [...await allHosts(cluster), added], `register "${host}"`);
  await Deno.mkdir(dir).catch((error) => {
    throw new Error(`Cannot register "${host}"`, { cause: error });
  });
  await Deno.writeTextFile(join(dir, "host.state"), "active\n");
  await Deno.writeTextFile(join(dir, "host.env"), formatHostEnv(env));
  if (superEnv !== undefined) {
    await Deno.writeTextFile(join(dir, SUPER_USER_ENV), superEnv);
  }
  const log = join(cluster.root, PROJECT_FILES.log);
  await appendLog(log, `CREATE_HOST ${host}`, stampOf(deps));
  if (env.host !== "local" && !await statIfPresent(join(dir, env.keyFile))) {
    deps.log.warn(`The key file ${join(dir, env.keyFile)} does not exist yet`);
  }
  deps.log.ok(`Registered the host "${host}"`);
  return env.host === "local" ? 0 : await recordKey(deps, cluster, options);
}

/** Looks at the new host's key; a host that is not up yet is registered all the same. */
async function recordKey(
  deps: Deps,
  cluster: Cluster,
  { host, yes, fingerprint }: RegisterOptions,
): Promise<number> {
  const asked = yes || fingerprint !== undefined;
  if (asked || deps.terminal) {
    try {
      const { trustHost } = await import("../../transport/trust.ts");
      await trustHost(deps, cluster, host, {
        yes,
        ...(fingerprint === undefined ? {} : { fingerprint }),
      });
      return 0;
    } catch (error) {
      const said = describeError(error).join("\n");
      if (asked) deps.log.error(said);
      else deps.log.warn(said);
    }
  }
  deps.log.info(`Next: sns host trust ${host}`);
  return asked ? 1 : 0;
}

const list = (text: string | undefined): string[] =>
  (text ?? "").split(/[\s,]+/).filter((word) => word !== "");

/** The parameters of the new host, checked. */
function hostEnvOf(options: RegisterOptions, warn: (text: string) => void): HostEnv {
  const refuse = (why: string): never => {
    throw new UserError(`Cannot register "${options.host}": ${why}`);
  };
  for (const [option, value] of Object.entries(options)) {
    if (typeof value !== "string") continue;
    // Each value becomes a line of host.env.
    if (/\p{Cc}/u.test(value)) refuse(`${option} has a control character or a line break in it`);
    if (value.trim() === "") refuse(`${option} is empty`);
  }
  const local = options.address === "local";
  const address = parseAddress(options.address) ??
    refuse(`"${options.address}" is no address: write ip, ip:port or local`);
  const expose = list(options.expose);
  const odd = expose.find((port) => !/^[0-9]+$/.test(port) || !isPort(Number(port)));
  if (odd !== undefined) refuse(`"${odd}" in --expose is no port`);
  if (local && options.superUser !== undefined) refuse("a local host has no super user");
  if (options.router !== undefined && !isRouterAddress(options.router)) {
    refuse(
      `--router-address "${options.router}" is not address:port of the host, like 10.0.0.5:32767` +
        " or [fd00::5]:32767",
    );
  }
  if (!local && options.jumpHost === undefined && !expose.includes(String(address.port))) {
    warn(`The port ${address.port} is added to EXPOSE, so that SSH stays open`);
    expose.push(String(address.port));
  }
  return {
    host: address.host,
    port: address.port,
    user: options.user ?? DEFAULT_HOST_ENV.user,
    flags: DEFAULT_HOST_ENV.flags,
    keyFile: options.keyFile ?? DEFAULT_HOST_ENV.keyFile,
    jumpHost: options.jumpHost ?? "",
    expose,
    internal: options.internal === undefined ? DEFAULT_HOST_ENV.internal : list(options.internal),
    hostHome: options.home ?? options.host,
    routerAddress: options.router ?? "",
  };
}

/** `ip`, `name`, `ip:port`, `[v6]:port` or `local`. */
function parseAddress(text: string): { host: string; port: number } | undefined {
  const withPort = parseHostAddress(text);
  if (withPort !== undefined) return { host: withPort.hostname, port: withPort.port };
  return /^[A-Za-z0-9][A-Za-z0-9.-]*$|^[0-9a-fA-F:]+$/.test(text) && !/^[^:]*:[^:]*$/.test(text)
    ? { host: text, port: DEFAULT_HOST_ENV.port }
    : undefined;
}

/** The text of host-superuser.env, when there is a super user. */
function superUserEnv(options: RegisterOptions, env: HostEnv): string | undefined {
  const { superUser, superKeyFile } = options;
  if (superUser === undefined && superKeyFile === undefined) return undefined;
  if (superUser === undefined) {
    throw new UserError(`Cannot register "${options.host}": a super user's key needs its name`, {
      hint: "add --super-user-name=<name>",
    });
  }
  return formatSuperUserEnv({ ...env, user: superUser, keyFile: superKeyFile ?? "id_rsa_super" });
}
