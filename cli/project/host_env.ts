/** host.env: how a host is reached, and its parameters. `KEY=value` lines, nothing is quoted. */
import { parseEnvFile } from "../../podc/mod.ts";
import { parseHostAddress } from "../../proxy/conf/mod.ts";
import { UserError } from "../errors.ts";

/** The values of a host.env with its defaults filled in. */
export interface HostEnv {
  /** `local`, or the address for SSH. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly flags: string;
  readonly keyFile: string;
  readonly jumpHost: string;
  readonly expose: readonly string[];
  readonly internal: readonly string[];
  /** Directory on the host; a relative one is meant from the user's home directory. */
  readonly hostHome: string;
  /** `address:port` of the host's proxy, or empty. */
  readonly routerAddress: string;
}

export const DEFAULT_HOST_ENV = {
  port: 22,
  user: "sns",
  flags: "-oConnectTimeout=30",
  keyFile: "id_rsa",
  internal: ["192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12"],
  hostHome: "cluster-host",
} as const;

/**
 * Reads a host.env.
 *
 * @param file its name in messages
 * @throws {UserError} when HOST is missing, or PORT or ROUTERADDRESS is malformed
 */
export function parseHostEnv(text: string, file: string): HostEnv {
  const values = parseEnvFile(text);
  const value = (key: string, fallback = "") => values.get(key)?.trim() || fallback;
  const list = (key: string) => value(key).split(/[\s,]+/).filter((word) => word !== "");
  const host = value("HOST");
  if (host === "") {
    throw new UserError(`Cannot use ${file}: it has no HOST`, {
      hint: "add a line HOST=<address> or HOST=local",
    });
  }
  const port = Number(value("PORT", String(DEFAULT_HOST_ENV.port)));
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new UserError(`Cannot use ${file}: PORT=${value("PORT")} is no port number`);
  }
  const routerAddress = value("ROUTERADDRESS");
  if (routerAddress !== "" && !isRouterAddress(routerAddress)) {
    throw new UserError(
      `Cannot use ${file}: ROUTERADDRESS=${routerAddress} is not address:port of this host`,
      { hint: "write it like ROUTERADDRESS=10.0.0.5:32767" },
    );
  }
  return {
    host,
    port,
    user: value("USER", DEFAULT_HOST_ENV.user),
    flags: value("FLAGS"),
    keyFile: value("KEYFILE"),
    jumpHost: value("JUMPHOST"),
    expose: list("EXPOSE"),
    internal: list("INTERNAL"),
    hostHome: value("HOSTHOME", DEFAULT_HOST_ENV.hostHome),
    routerAddress,
  };
}

/** Whether `text` is address:port, and an address at which other hosts find this one. */
export function isRouterAddress(text: string): boolean {
  const address = parseHostAddress(text);
  return address !== undefined && !/^(0+(\.0+)*|[0:]+)$/.test(address.hostname);
}

/** The text of a new host.env, with a comment for each group of keys. */
export function formatHostEnv(env: HostEnv): string {
  return `# How to reach the host. HOST is an address, or "local" for a directory on this machine.
HOST=${env.host}
PORT=${env.port}
USER=${env.user}
# Extra options for ssh, separated by blanks.
FLAGS=${env.flags}
# Private key; a relative path is meant from the directory of this file.
KEYFILE=${env.keyFile}
# A host to connect through: its name, or the path of its directory or env file from the directory of this file.
JUMPHOST=${env.jumpHost}

# TCP ports to open to the public, separated by blanks.
EXPOSE=${env.expose.join(" ")}
# Networks whose traffic is accepted, separated by blanks.
INTERNAL=${env.internal.join(" ")}

# Directory of this cluster on the host; a relative path is meant from the user's home directory.
HOSTHOME=${env.hostHome}

# address:32767 of the host in the internal network. Pods bind to this address and the other hosts' proxies
# connect to it. Empty when the host takes no part in cluster traffic.
ROUTERADDRESS=${env.routerAddress}
`;
}

/** The text of a host-superuser.env: how the administrator of a host logs in. */
export function formatSuperUserEnv(
  env: Pick<HostEnv, "host" | "port" | "user" | "flags" | "keyFile" | "jumpHost">,
): string {
  return `HOST=${env.host}\nPORT=${env.port}\nUSER=${env.user}\nFLAGS=${env.flags}\n` +
    `KEYFILE=${env.keyFile}\nJUMPHOST=${env.jumpHost}\n`;
}
