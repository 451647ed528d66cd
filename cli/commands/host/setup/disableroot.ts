import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { integer } from "@optique/core/valueparser";
import { defineCommand, valueOption } from "../../../command.ts";
import type { Deps } from "../../../deps.ts";
import { confirmOption, SETUP_TEXT, setupFlags } from "./flags.ts";

export interface SetupDisableRootOptions {
  readonly host: string;
  readonly port: number | undefined;
  readonly confirmSeconds: number;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export const definition = defineCommand<SetupDisableRootOptions>({
  description:
    "Lets nobody log in by password, and root not at all, and locks root's password: a file in" +
    " /etc/ssh/sshd_config.d, checked by sshd before it counts. --port also moves sshd to another port, here" +
    " and in host.env.\nAfter that sns logs in once more. When it cannot, the host takes everything back by" +
    " itself.\n" + SETUP_TEXT,
  example: "sns host setup disableroot web1\nsns host setup disableroot web1 --port 2222",
  parser: object({
    ...setupFlags(),
    port: optional(
      valueOption(
        ["--port"],
        integer({ metavar: "PORT", min: 1, max: 65535 }),
        "Where sshd is to listen (default: where it does)",
      ),
    ),
    confirmSeconds: confirmOption(),
  }),
  run,
});

async function run(deps: Deps, options: SetupDisableRootOptions): Promise<number> {
  const [{ setUp }, { superUserLogin }, { disableRoot }] = await Promise.all([
    import("../../../setup/setup.ts"),
    import("../../../setup/login.ts"),
    import("../../../setup/disable_root.ts"),
  ]);
  return await setUp(
    deps,
    options,
    async (setup) => await disableRoot(setup, await superUserLogin(setup), options),
  );
}
