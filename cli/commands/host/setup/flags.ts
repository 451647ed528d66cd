/** Options that the setup commands share. */
import { withDefault } from "@optique/core/modifiers";
import { integer } from "@optique/core/valueparser";
import { flag, hostArgument, jsonFlag, valueOption } from "../../../command.ts";

/** What every setup command takes. */
export const setupFlags = () => ({
  host: hostArgument(),
  dryRun: flag(["--dry-run"], "Only look, and say what would change"),
  json: jsonFlag(),
});

/** What is to say of them in every description. */
export const SETUP_TEXT =
  "Prints a line per step: ok, changed, or would change. Running it again is harmless.\n" +
  "Exit code of --dry-run: 0: nothing would change; 2: something would.";

/** `--confirm`, for commands that may shut everybody out. */
export const confirmOption = () =>
  withDefault(
    valueOption(
      ["--confirm"],
      integer({ metavar: "SECONDS", min: 3, max: 600 }),
      "The host takes back within this time what no new connection confirms (default 30)",
    ),
    30,
  );
