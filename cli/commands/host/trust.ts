import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { defineCommand, flag, hostArgument, jsonFlag, textOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findCluster } from "../../project/cluster.ts";
import { getHost } from "../../project/host.ts";
import { formatJson } from "../../ui/table.ts";

export interface TrustCommandOptions {
  readonly host: string;
  readonly yes: boolean;
  readonly fingerprint: string | undefined;
  readonly json: boolean;
}

export const definition = defineCommand<TrustCommandOptions>({
  description:
    "Shows the fingerprints of the keys of a host and of its jump hosts, and records those that" +
    " you accept in the project's known_hosts. No other command connects to a host whose key is not" +
    " recorded there.\nA key that has changed is only replaced when you say yes to that, or give its" +
    " fingerprint.",
  example: "sns host trust web1\n" +
    "sns host trust web1 --fingerprint SHA256:d2kARMoG8P6Sl2wXgXU7G6puKO1ptZ/vg/FlBE8obco",
  parser: object({
    host: hostArgument(),
    yes: flag(["-y", "--yes"], "Accept keys of hosts that are not known yet without asking"),
    fingerprint: optional(
      textOption(["--fingerprint"], "SHA256", "Accept the host's key if it has this fingerprint"),
    ),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: TrustCommandOptions): Promise<number> {
  const { yes, fingerprint, json } = options;
  const cluster = await findCluster(deps.cwd, deps.env);
  const { name, env } = await getHost(cluster, options.host);
  if (env.host === "local") throw new UserError(`"${name}" is a local host: it has no key`);
  const { trustHost } = await import("../../transport/trust.ts");
  const keys = await trustHost(deps, cluster, name, {
    yes,
    ...(fingerprint === undefined ? {} : { fingerprint: checked(fingerprint) }),
  });
  if (json) deps.stdout(formatJson(keys));
  else if (keys.every(({ was }) => was === "known")) {
    deps.log.info(`Nothing to do: the key of "${name}" is known, ${keys.at(-1)!.fingerprint}`);
  }
  return 0;
}

/** A fingerprint as ssh-keygen -l prints it. */
export function checked(fingerprint: string): string {
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(fingerprint)) return fingerprint;
  throw new UserError(`"${fingerprint}" is no fingerprint`, {
    hint: "copy what ssh-keygen -l prints, SHA256: and 43 characters",
  });
}
