import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { multiple } from "@optique/core/modifiers";
import { defineCommand, flag, hostArgument, textArgument } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { statIfPresent } from "../../project/files.ts";
import { getHost, SUPER_USER_ENV } from "../../project/host.ts";
import { REMOTE_PROGRAMS } from "../../remote/programs.ts";

export interface ShellOptions {
  readonly host: string;
  readonly superUser: boolean;
  readonly bash: boolean;
  readonly command: readonly string[];
}

export const definition = defineCommand<ShellOptions>({
  description:
    "Opens a shell in the host's home, or runs a command there: one word is a text for the" +
    " shell, several are a program and its arguments, as they are.\nExit code: that of the shell or" +
    " command; 255 when ssh has no connection.",
  example: "sns host shell web1\nsns host shell web1 -- 'df -h | head -n 3'\n" +
    "sns host shell web1 -s -- systemctl status simplenetesd",
  parser: object({
    host: hostArgument(),
    superUser: flag(["-s", "--super-user"], "As the administrator of host-superuser.env"),
    bash: flag(["-b", "--bash"], "bash instead of sh"),
    command: multiple(textArgument("COMMAND", "Behind --: what to run instead of a shell")),
  }),
  run,
});

async function run(deps: Deps, options: ShellOptions): Promise<number> {
  const { superUser, bash, command } = options;
  const host = await getHost(await findCluster(deps.cwd, deps.env), options.host);
  if (superUser && !await statIfPresent(join(host.dir, SUPER_USER_ENV))) {
    throw new UserError(`"${host.name}" has no ${SUPER_USER_ENV}`, {
      hint:
        `leave -s out, or write its HOST, PORT, USER and KEYFILE to ${host.dir}/${SUPER_USER_ENV}`,
    });
  }
  const { runInteractive } = await import("../../transport/interactive.ts");
  return await runInteractive(deps, host, {
    script: REMOTE_PROGRAMS.hostShell,
    args: [host.env.hostHome, bash ? "bash" : "sh", ...command],
    ...(superUser ? { envFile: SUPER_USER_ENV } : {}),
  });
}
