import { resolve } from "node:path";
import { object } from "@optique/core/constructs";
import { optional, withDefault } from "@optique/core/modifiers";
import { defineCommand, textOption } from "../../../command.ts";
import type { Deps } from "../../../deps.ts";
import type { FirstLogin } from "../../../setup/login.ts";
import { SETUP_TEXT, setupFlags } from "./flags.ts";

export interface FirstLoginFlags {
  readonly rootUser: string;
  readonly rootKeyFile: string | undefined;
  readonly passwordFile: string | undefined;
}

export interface SetupSuperUserOptions extends FirstLoginFlags {
  readonly host: string;
  readonly superUser: string | undefined;
  readonly superKeyFile: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** How a machine is entered that has nothing of ours yet, and what the account for later is. */
export const superUserFlags = () => ({
  rootUser: withDefault(
    textOption(["--root-user"], "USER", "Who logs in first (default root); sudo makes others root"),
    "root",
  ),
  rootKeyFile: optional(
    textOption(["-k", "--root-keyfile"], "FILE", "Private key of the first login"),
  ),
  passwordFile: optional(
    textOption(["--root-password-file"], "FILE", "A file with the password of the first login"),
  ),
  superUser: optional(
    textOption(["-s", "--super-user-name"], "USER", "The account (default snssuper)"),
  ),
  superKeyFile: optional(
    textOption(
      ["-S", "--super-user-keyfile"],
      "FILE",
      "Its private key, from the directory of the host (default id_ed25519_super)",
    ),
  ),
});

export const definition = defineCommand<SetupSuperUserOptions>({
  description:
    "Makes the account that administers a host: with a key pair that is made here, with the" +
    " keys in pubkeys.superuser/, and with sudo. Writes host-superuser.env, by which other commands find it.\n" +
    "Logs in as root the first time: by --root-keyfile or the agent, else by a password, which is asked" +
    " for, or taken from SNS_ROOT_PASSWORD or --root-password-file.\n" + SETUP_TEXT,
  example: "sns host setup superuser web1\nsns host setup superuser web1 -k ~/.ssh/id_ed25519\n" +
    "sns host setup superuser web1 --root-user=ubuntu -k cloud.pem",
  parser: object({ ...setupFlags(), ...superUserFlags() }),
  run,
});

/** The first login that options tell of; its files are meant from the working directory. */
export function firstLoginOf(deps: Deps, flags: FirstLoginFlags): FirstLogin {
  const { rootUser, rootKeyFile, passwordFile } = flags;
  return {
    user: rootUser,
    ...(rootKeyFile === undefined ? {} : { keyFile: resolve(deps.cwd, rootKeyFile) }),
    ...(passwordFile === undefined ? {} : { passwordFile: resolve(deps.cwd, passwordFile) }),
  };
}

async function run(deps: Deps, options: SetupSuperUserOptions): Promise<number> {
  const [{ setUp }, { setUpSuperUser }] = await Promise.all([
    import("../../../setup/setup.ts"),
    import("../../../setup/superuser.ts"),
  ]);
  const { superUser: name, superKeyFile: keyFile } = options;
  const first = firstLoginOf(deps, options);
  return await setUp(deps, options, async (setup) => {
    await setUpSuperUser(setup, { first, name, keyFile });
  });
}
