/** The command line of the ssh program for a route. Nothing here does I/O. */
import { commandLine } from "../../podc/mod.ts";
import type { Hop, Route } from "./route.ts";

export interface SshArgs {
  /** Path of the known_hosts file. */
  readonly knownHosts: string;
  /** The key files of the route that exist: only their keys are offered where they are named. */
  readonly keyFiles: ReadonlySet<string>;
  /** Give the command a terminal of its own. */
  readonly terminal: boolean;
  /** What the login shell is to run. */
  readonly command: string;
}

/**
 * The words after `ssh`. Nothing of the person's own ssh configuration takes part, so that the way is
 * the same as that of every other command.
 */
export function sshArgs(route: Route, options: SshArgs): string[] {
  const { terminal, command } = options;
  return [terminal ? "-t" : "-T", ...argsTo(route, options), command];
}

function argsTo(route: Route, options: SshArgs): string[] {
  const hop = route.at(-1)!;
  const before = route.slice(0, -1);
  return [
    ...["-F", "none", "-p", String(hop.port), "-l", hop.user],
    ...optionsOf(hop, options).flatMap((option) => ["-o", option]),
    ...(before.length === 0 ? [] : ["-o", `ProxyCommand=${proxyCommand(before, hop, options)}`]),
    "--",
    hop.address,
  ];
}

function optionsOf(hop: Hop, { knownHosts, keyFiles }: SshArgs): string[] {
  const { keyFile } = hop;
  const named = keyFile !== undefined && keyFiles.has(keyFile);
  return [
    // The first of a name counts.
    `UserKnownHostsFile=${fileWord(knownHosts)}`,
    "GlobalKnownHostsFile=none",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    ...(named ? [`IdentityFile=${fileWord(keyFile)}`, "IdentitiesOnly=yes"] : []),
    ...hop.options,
  ];
}

/** A command that joins its stdin and stdout with `hop`, through the machines before it. */
function proxyCommand(before: readonly Hop[], hop: Hop, options: SshArgs): string {
  const address = hop.address.includes(":") ? `[${hop.address}]` : hop.address;
  const words = [
    "ssh",
    "-W",
    `${address}:${hop.port}`,
    ...argsTo(before as [Hop, ...Hop[]], options),
  ];
  // Percent signs have a meaning in ProxyCommand, so each level doubles those of the levels in it.
  return commandLine(words).replaceAll("%", "%%");
}

/** A path as ssh_config takes it: quoted, and without the tokens that `%` begins. */
function fileWord(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&").replaceAll("%", "%%")}"`;
}
