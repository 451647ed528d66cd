/** What the fuzzer begins with, and the inputs that it makes of it. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mutateBytes } from "./mutate_bytes.ts";
import { mutatePod } from "./mutate_pod.ts";
import type { Random } from "../../cli/testing/random.ts";

export interface FuzzInput {
  readonly pod: string;
  readonly env: string;
}

/** Inputs that once failed, and those that reach what the fixtures don't; `<name>.yaml`, `<name>.env`. */
export const CORPUS = fileURLToPath(new URL("./corpus", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../fixtures/pods", import.meta.url));

/** What mutations begin with. */
export interface Seed extends FuzzInput {
  /** Whether it is meant to be refused. */
  readonly wrong: boolean;
}

/** All of the corpus, then all fixtures. */
export function seeds(): Seed[] {
  const corpus = names(CORPUS).filter((name) => name.endsWith(".yaml"))
    .map((name) => join(CORPUS, name.slice(0, -".yaml".length)));
  const fixtures = names(FIXTURES).map((name) => join(FIXTURES, name, "pod"));
  return [...corpus, ...fixtures].map((stem) => ({
    pod: Deno.readTextFileSync(`${stem}.yaml`),
    env: textIfThere(`${stem}.env`),
    wrong: /\/(error|failed)-/.test(stem),
  }));
}

/** A new input out of `from`. */
export function mutated(from: readonly Seed[], random: Random): FuzzInput {
  // Most mutations of what is wrong are wrong for the same reason.
  const { pod, env } = random.pick(from.filter(({ wrong }) => !wrong || random.chance(0.2)));
  const other = random.pick(from);
  const knowing = random.chance(0.7) ? mutatePod(pod, random) : undefined;
  // A change by bytes on top of one that is likely to be valid goes deeper than one alone.
  const bytes = knowing === undefined || random.chance(0.2);
  return {
    pod: bytes ? mutateBytes(knowing ?? pod, other.pod, random) : knowing,
    env: random.chance(0.75) ? env : mutateBytes(env || other.env, other.pod, random),
  };
}

function names(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

function textIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
