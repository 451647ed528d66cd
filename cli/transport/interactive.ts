/** Programs on a host that have this program's own stdin, stdout and terminal. */
import { dirname } from "node:path";
import type { Deps } from "../deps.ts";
import { messageOf, UserError } from "../errors.ts";
import { statIfPresent } from "../project/files.ts";
import type { HostDir } from "../project/host.ts";
import { HopError } from "./hop_error.ts";
import { knownHostsPath } from "./host_keys.ts";
import { encodedCommand } from "./remote_command.ts";
import type { Route } from "./route.ts";
import { sshArgs } from "./ssh_args.ts";

export interface InteractiveProgram {
  /** POSIX sh source. */
  readonly script: string;
  readonly args: readonly string[];
  /** The env file to reach the host by; default host.env. */
  readonly envFile?: string;
}

/**
 * Runs a program with the terminal, or whatever stdin and stdout are, and gives its exit code. On an SSH
 * host the system's `ssh` carries it, which ends with 255 when the connection fails.
 *
 * @throws {UserError} when it can't be started
 */
export async function runInteractive(
  deps: Deps,
  host: HostDir,
  { script, args, envFile }: InteractiveProgram,
): Promise<number> {
  const argv = host.env.host === "local"
    ? ["sh", "-c", script, "sns", ...args]
    : ["ssh", ...await argsFor(deps, host, script, args, envFile)];
  const [program, ...words] = argv as [string, ...string[]];
  const { signal } = deps;
  try {
    const child = new Deno.Command(program, {
      args: words,
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      // The shell that runs ProxyCommand.
      env: { SHELL: "/bin/sh" },
      signal,
    }).spawn();
    return (await child.status).code;
  } catch (error) {
    throw new UserError(`Cannot start ${program}: ${messageOf(error)}`, {
      ...(program === "ssh" ? { hint: "install the package openssh-client" } : {}),
    });
  }
}

async function argsFor(
  deps: Deps,
  host: HostDir,
  script: string,
  args: readonly string[],
  envFile?: string,
): Promise<string[]> {
  const root = dirname(host.dir);
  const connections = await deps.ssh();
  const route = await connections.route(host.dir, envFile);
  const keys = await connections.hostKeys(root);
  const stranger = route.find((hop) => keys.recordedTypes(hop).length === 0);
  if (stranger !== undefined) {
    throw new HopError("refused", `the host key of "${stranger.name}" is not known yet`, {
      hint: `sns host trust ${host.name}`,
    });
  }
  return sshArgs(route, {
    knownHosts: knownHostsPath(root),
    keyFiles: await existing(route),
    terminal: deps.terminal,
    command: encodedCommand(script, args),
  });
}

async function existing(route: Route): Promise<Set<string>> {
  const found = new Set<string>();
  for (const { keyFile } of route) {
    if (keyFile !== undefined && await statIfPresent(keyFile)) found.add(keyFile);
  }
  return found;
}
