import { join } from "node:path";
import { object } from "@optique/core/constructs";
import { optional, withDefault } from "@optique/core/modifiers";
import { defineCommand, flag, jsonFlag, podArgument, textOption } from "../../command.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import {
  type Generated,
  generateIngress,
  HAPROXY_CFG,
  writeIngress,
} from "../../ingress/generate.ts";
import { findCluster, PROJECT_FILES } from "../../project/cluster.ts";
import { diffTexts } from "../../project/git.ts";
import { parsePodRef } from "../../project/pod_ref.ts";
import { formatJson } from "../../ui/table.ts";

export interface GenIngressOptions {
  readonly pod: string;
  readonly exclude: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Exit code of --dry-run when the file would change, as cluster plan has it. */
const CHANGES = 2;

export const definition = defineCommand<GenIngressOptions>({
  description:
    "Writes _config/<ingress pod>/conf/haproxy.cfg from the ingress of all running releases on" +
    " active hosts and from the templates in _config/<ingress pod>/_tpl. HAProxy checks it first, where" +
    " it is installed or podman has the image; what is wrong changes nothing.\nThe hosts get it by sns" +
    " pod updateconfig, a commit and sns cluster sync.\nExit code of --dry-run: 0: nothing would change;" +
    " 2: something would.",
  example: "sns cluster geningress --dry-run\n" +
    "sns cluster geningress && sns pod updateconfig ingress\nsns cluster geningress -x 61000,61001",
  parser: object({
    pod: withDefault(podArgument("POD", "The ingress pod (default ingress)"), "ingress"),
    exclude: optional(
      textOption(
        ["-x", "--exclude-cluster-ports"],
        "PORTS",
        "Leave out the rules that lead to these cluster ports, separated by commas",
      ),
    ),
    dryRun: flag(["--dry-run"], "Only show what would change"),
    json: jsonFlag(),
  }),
  run,
});

async function run(deps: Deps, options: GenIngressOptions): Promise<number> {
  const cluster = await findCluster(deps.cwd, deps.env);
  const { pod, version, host } = parsePodRef(options.pod);
  if (version !== undefined || host !== undefined) {
    throw new UserError(
      `Cannot generate for "${options.pod}": all of the pod have one configuration`,
      {
        hint: `sns cluster geningress ${pod}`,
      },
    );
  }
  const excluded = parsePorts(options.exclude);
  const { signal } = deps;
  const generated = await generateIngress(cluster, { pod, excluded, signal });
  const changed = generated.before !== generated.after;
  if (!options.dryRun) await writeIngress(cluster, generated);
  for (const warning of generated.warnings) deps.log.warn(warning);
  const file = join(PROJECT_FILES.configs, pod, HAPROXY_CFG);
  if (options.json) {
    const { id, checked, warnings } = generated;
    deps.stdout(formatJson({ file, id, changed, checked, warnings }));
  } else if (options.dryRun) deps.stdout(await diffTexts(file, generated.before, generated.after));
  if (!generated.checked) {
    deps.log.warn(
      "No HAProxy has checked it: there is neither haproxy nor podman with its image here",
    );
  }
  if (!changed) deps.log.info(`Nothing to do: ${file} is up to date`);
  else if (!options.dryRun) tellWritten(deps, file, generated);
  return options.dryRun && changed ? CHANGES : 0;
}

function tellWritten({ log }: Deps, file: string, { id, pod }: Generated): void {
  log.ok(`Wrote ${file}, config ${id}`);
  log.info(`It reaches the hosts by: sns pod updateconfig ${pod}, a commit, sns cluster sync`);
}

/** @throws {UserError} when one is no port */
function parsePorts(text: string | undefined): ReadonlySet<number> {
  const words = (text ?? "").split(",").filter((word) => word !== "");
  const wrong = words.find((word) => !/^[0-9]{1,5}$/.test(word));
  if (wrong !== undefined) {
    throw new UserError(`Cannot read --exclude-cluster-ports: "${wrong}" is no port`, {
      hint: "separate ports by commas: -x 61000,61001",
    });
  }
  return new Set(words.map(Number));
}
