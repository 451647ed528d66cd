import { join, resolve } from "node:path";
import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { parseHostAddress } from "../../proxy/conf/mod.ts";
import { defineCommand, flag, textArgument, textOption } from "../command.ts";
import type { Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import { isHostName } from "../project/pod_ref.ts";
import { userName } from "../project/log.ts";
import { carryOut, isInterrupt } from "../quickstart/carry_out.ts";
import { chooseServer, findObstacles, lookAround, refuseObstacles } from "../quickstart/check.ts";
import { DEFAULT_IMAGE } from "../quickstart/example.ts";
import { findPrograms } from "../quickstart/programs.ts";

export interface QuickstartOptions {
  readonly dir: string | undefined;
  readonly name: string | undefined;
  readonly address: string | undefined;
  readonly image: string | undefined;
  readonly program: boolean;
  readonly yes: boolean;
}

const DEFAULTS = { dir: "simplenetes", name: "demo", address: "127.0.0.2" } as const;

export const definition = defineCommand<QuickstartOptions>({
  description: "Makes a cluster of one host on this machine, with an example pod that runs, and" +
    " shows each command that it runs for that, what to do next, and how to end it. It asks for the" +
    " directory and the name unless they are given. When something fails, nothing is left of it.",
  example: "sns quickstart\nsns quickstart ~/cluster --name=demo\nsns quickstart --yes --program",
  parser: object({
    dir: optional(textArgument("DIR", `The directory to make (${DEFAULTS.dir})`)),
    name: optional(textOption(["--name"], "NAME", `The cluster's name (${DEFAULTS.name})`)),
    address: optional(
      textOption(["--address"], "IP", `The host's loopback address (${DEFAULTS.address})`),
    ),
    image: optional(
      textOption(["--image"], "IMAGE", `An image with httpd for the example (${DEFAULT_IMAGE})`),
    ),
    program: flag(["--program"], "Run the example as a program on this machine, without podman"),
    yes: flag(["-y", "--yes"], "Ask nothing"),
  }),
  run,
});

async function run(deps: Deps, options: QuickstartOptions): Promise<number> {
  if (options.program && options.image !== undefined) {
    throw new UserError("Cannot run an image as a program on this machine", {
      hint: "leave out --image or --program",
    });
  }
  const address = loopbackAddress(options.address ?? DEFAULTS.address);
  const asked = async (question: string, given: string | undefined, usual: string) =>
    given ?? (options.yes ? usual : await answer(deps, question, usual));
  const dir = inHome(deps, await asked("Directory to make", options.dir, DEFAULTS.dir));
  const name = await asked("Name of the cluster", options.name, DEFAULTS.name);
  if (!isHostName(name)) {
    throw new UserError(`Cannot name a cluster "${name}"`, {
      hint: 'use letters, digits, "_" and "-"',
    });
  }
  const image = options.program ? undefined : options.image ?? DEFAULT_IMAGE;
  const facts = await lookAround(image);
  const place = { dir, address, uid: Deno.uid(), clusterPath: deps.env("CLUSTERPATH") };
  const server = chooseServer(facts, image);
  const obstacles = await findObstacles(place, facts);
  if (!("kind" in server)) obstacles.push(server);
  refuseObstacles(obstacles);
  if (!("kind" in server)) return 1;
  const origin = { env: deps.env, main: Deno.mainModule, executable: Deno.execPath() };
  const programs = await findPrograms(origin, join(dir, "bin"));
  if (programs === undefined) {
    throw new UserError("Cannot find simplenetesd and simplenetes-proxy beside sns", {
      hint: "put them into PATH (docs/install.md)",
    });
  }
  try {
    await carryOut(deps, {
      ...{ dir, name, address, server, pull: !facts.hasImage },
      ...(programs.dir === undefined ? {} : { programs: programs.dir }),
      ...(programs.portable === undefined ? {} : { portable: programs.portable }),
      ...(facts.committer ? {} : { committer: userName(deps.env) }),
    });
    return 0;
  } catch (error) {
    if (!isInterrupt(error, deps.signal)) {
      throw new UserError("Cannot make the cluster", { cause: error });
    }
    deps.log.error("Interrupted; nothing is left of it");
    return 1;
  }
}

/** @throws {UserError} when nobody can answer */
async function answer(deps: Deps, question: string, usual: string): Promise<string> {
  const text = await deps.ask(`${question} [${usual}]: `, { secret: false });
  if (text === undefined) {
    throw new UserError(`${question}? Nobody is there to answer`, { hint: "add --yes" });
  }
  return text.trim() || usual;
}

/** The absolute path of what a person wrote; answers are not read by a shell. */
function inHome(deps: Deps, text: string): string {
  const home = deps.env("HOME");
  return resolve(deps.cwd, home && /^~(\/|$)/.test(text) ? home + text.slice(1) : text);
}

function loopbackAddress(text: string): string {
  if (/^127\.\d+\.\d+\.\d+$/.test(text) && parseHostAddress(`${text}:1`) !== undefined) return text;
  throw new UserError(`"${text}" is no loopback address`, { hint: "--address=127.0.0.2" });
}
