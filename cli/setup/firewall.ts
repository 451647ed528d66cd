/** The firewall of a host, from PORT, EXPOSE and INTERNAL of its host.env. */
import { isIPv4, isIPv6 } from "node:net";
import { isPort } from "../../proxy/conf/mod.ts";
import { UserError } from "../errors.ts";
import type { HostEnv } from "../project/host_env.ts";
import { confirmChange } from "./confirm.ts";
import type { Login } from "./login.ts";
import { runSteps, type Setup } from "./setup.ts";

/** What a host lets in. */
export interface Openings {
  /** TCP ports that are open to all. */
  readonly ports: readonly number[];
  /** Networks that may do everything. */
  readonly networks4: readonly string[];
  readonly networks6: readonly string[];
}

/**
 * What `env` opens: its SSH port, too, unless it is reached through another host.
 *
 * @throws {UserError} naming what is no port or no network
 */
export function openings(env: HostEnv, name: string): Openings {
  const refuse = (key: string, word: string, why: string): never => {
    throw new UserError(`Cannot use ${name}/host.env: ${word} in ${key} ${why}`);
  };
  const ports = env.expose.map((word) =>
    /^[0-9]+$/.test(word) && isPort(Number(word))
      ? Number(word)
      : refuse("EXPOSE", word, "is no port")
  );
  if (env.jumpHost === "") ports.push(env.port);
  for (const word of env.internal) {
    const why = whyNoNetwork(word);
    if (why !== undefined) refuse("INTERNAL", word, why);
  }
  const sorted = (words: readonly string[]) => [...new Set(words)].sort();
  return {
    ports: [...new Set(ports)].sort((a, b) => a - b),
    networks4: sorted(env.internal.filter((word) => !word.includes(":"))),
    networks6: sorted(env.internal.filter((word) => word.includes(":"))),
  };
}

/** What is wrong with `address/bits`; `undefined` when it is a network, or one address. */
function whyNoNetwork(word: string): string | undefined {
  const [address = "", text] = word.split("/");
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : undefined;
  if (most === undefined || text !== undefined && !/^[0-9]{1,3}$/.test(text)) {
    return "is no network: write it like 10.0.0.0/8";
  }
  const bits = text === undefined ? most : Number(text);
  if (bits > most) return `has more than ${most} bits`;
  if (bits === 0) return "is the whole internet";
  if (most === 128) return undefined;
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - bits);
  if (number % size === 0) return undefined;
  const begin = number - number % size;
  const first = [24, 16, 8, 0].map((shift) => Math.floor(begin / 2 ** shift) % 256).join(".");
  // 172.16.0.0/11 stands in projects of the original.
  const fitting = [...Array(33).keys()].find((more) => number % 2 ** (32 - more) === 0);
  return `begins at ${first}, which opens more than it says: is ${address}/${fitting} meant?`;
}

/** @throws {UserError} */
export async function firewall(setup: Setup, login: Login, confirmSeconds: number): Promise<void> {
  const { env, name } = setup.host;
  const { ports, networks4, networks6 } = openings(env, name);
  const args = [
    String(confirmSeconds),
    ...[ports, networks4, networks6].map((words) => words.join(", ")),
  ];
  const line = await runSteps(setup, login.host, "firewall", args);
  if (line === undefined) return;
  await confirmChange(setup, {
    ...{ name: "firewall", line, route: login.route, before: login.route },
    seconds: confirmSeconds,
    hint: env.jumpHost === ""
      ? `does sshd listen at PORT=${env.port} of ${name}/host.env?`
      : `the address of ${env.jumpHost} has to be in INTERNAL of ${name}/host.env`,
    keep: () => runSteps(setup, login.host, "firewall", args, { mode: "keep" }),
  });
}
