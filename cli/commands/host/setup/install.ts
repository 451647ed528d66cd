import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { defineCommand, flag, textOption } from "../../../command.ts";
import type { Deps } from "../../../deps.ts";
import type { InstallOptions } from "../../../setup/install.ts";
import { confirmOption, SETUP_TEXT, setupFlags } from "./flags.ts";

export interface SetupInstallOptions extends InstallOptions {
  readonly host: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export const installFlags = () => ({
  program: optional(
    textOption(["--program"], "FILE", "The file with all programs, as deno task build makes it"),
  ),
  skipPodman: flag(["--skip-podman"], "Leave podman and what it needs alone"),
  skipSystemd: flag(["--skip-systemd"], "Leave the programs and the service alone"),
  skipFirewall: flag(["--skip-firewall"], "Leave the firewall alone"),
  strictUserKeys: flag(
    ["--strict-user-keys"],
    "Only keys in pubkeys/ open the account with the pods, not KEYFILE",
  ),
  strictSuperUserKeys: flag(
    ["--strict-super-user-keys"],
    "Only keys in pubkeys.superuser/ open the administrator's account",
  ),
  confirmSeconds: confirmOption(),
});

export const definition = defineCommand<SetupInstallOptions>({
  description:
    "Makes the account that runs the pods, with its keys; installs podman, set up for that" +
    " account; brings the programs, checked, and starts simplenetesd as a service; opens the firewall for PORT" +
    " and EXPOSE, and for INTERNAL networks, and closes all else. Run it again after a change of keys or of" +
    " host.env, or with a newer sns: pods go on while the daemon is exchanged, and one that does not start" +
    " makes room for the one before.\nThe keys of both accounts become those of the project, others go. What" +
    " would shut sns out is taken back by the host itself.\n" +
    SETUP_TEXT,
  example: "sns host setup install web1\nsns host setup install door --skip-podman --skip-systemd",
  parser: object({ ...setupFlags(), ...installFlags() }),
  run,
});

async function run(deps: Deps, options: SetupInstallOptions): Promise<number> {
  const [{ setUp }, { superUserLogin }, { install }] = await Promise.all([
    import("../../../setup/setup.ts"),
    import("../../../setup/login.ts"),
    import("../../../setup/install.ts"),
  ]);
  return await setUp(
    deps,
    options,
    async (setup) => await install(setup, await superUserLogin(setup), options),
  );
}
