import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { integer } from "@optique/core/valueparser";
import { defineCommand, valueOption } from "../../../command.ts";
import type { Deps } from "../../../deps.ts";
import type { InstallOptions } from "../../../setup/install.ts";
import { SETUP_TEXT, setupFlags } from "./flags.ts";
import { installFlags } from "./install.ts";
import { type FirstLoginFlags, firstLoginOf, superUserFlags } from "./superuser.ts";

export interface SetupAllOptions extends FirstLoginFlags, InstallOptions {
  readonly host: string;
  readonly superUser: string | undefined;
  readonly superKeyFile: string | undefined;
  readonly port: number | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export const definition = defineCommand<SetupAllOptions>({
  description:
    "Makes a host of a bare machine in one go: sns host setup superuser, disableroot and install," +
    " then sns host init, with the options of all of them. It stops at the first thing that fails; the next" +
    " run goes on there.\n" + SETUP_TEXT,
  example: "sns host setup all web1\nsns host setup all web1 --root-keyfile=cloud.pem --dry-run",
  parser: object({
    ...setupFlags(),
    ...superUserFlags(),
    port: optional(
      valueOption(
        ["--port"],
        integer({ metavar: "PORT", min: 1, max: 65535 }),
        "Where sshd is to listen (default: where it does)",
      ),
    ),
    ...installFlags(),
  }),
  run,
});

async function run(deps: Deps, options: SetupAllOptions): Promise<number> {
  const [{ setUp }, { setUpAll }] = await Promise.all([
    import("../../../setup/setup.ts"),
    import("../../../setup/all.ts"),
  ]);
  const { superUser: name, superKeyFile: keyFile } = options;
  const superUser = { first: firstLoginOf(deps, options), name, keyFile };
  return await setUp(deps, options, (setup) => setUpAll(setup, superUser, options));
}
