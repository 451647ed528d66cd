/**
 * Compiles mutated pods: `fuzz_podc.ts [count] [seed] [shell]`. Never an exception, never more than a
 * second, never a script that the shell cannot read. An input that fails is kept in corpus/.
 */
import { join } from "node:path";
import { type CompileOutput, compilePod, parseEnvFile } from "../../podc/mod.ts";
import { runtimeSource } from "../../podc/render/runtime.ts";
import { CORPUS, type FuzzInput, mutated, seeds } from "./inputs.ts";
import { Random } from "../../cli/testing/random.ts";
import { SyntaxCheck } from "./syntax_check.ts";

const LONGEST_MS = 1000;

export interface FuzzReport {
  readonly inputs: number;
  /** How many of them made a pod. */
  readonly compiled: number;
  /** How many different scripts a shell has read. */
  readonly scripts: number;
  readonly slowestMs: number;
  readonly failures: readonly FuzzFailure[];
}

export interface FuzzFailure {
  readonly why: string;
  readonly input: FuzzInput;
}

/** Runs the corpus as it is, then `count` mutations of it. */
export async function fuzz(count: number, seed: number, shell = "sh"): Promise<FuzzReport> {
  const random = new Random(seed);
  const from = seeds();
  const failures: FuzzFailure[] = [];
  let compiled = 0;
  let slowestMs = 0;
  await using syntax = new SyntaxCheck(shell);
  for (const kind of ["containers", "executable"] as const) syntax.add(runtimeSource(kind), -1);
  const scriptInputs = new Map<number, FuzzInput>();
  const collectRefused = async (all: boolean) => {
    for (const origin of await syntax.refused(all)) {
      const input = scriptInputs.get(origin) ?? { pod: "", env: "" };
      failures.push({ why: "the shell refuses the script", input });
    }
    if (syntax.count > 0 && all) scriptInputs.clear();
  };
  for (let index = 0; index < from.length + count; index++) {
    const input = from[index] ?? mutated(from, random);
    const start = performance.now();
    try {
      const output = compile(input);
      const script = checked(output, input);
      if (output.spec) compiled++;
      if (script !== undefined) {
        scriptInputs.set(index, input);
        syntax.add(script, index);
      }
    } catch (error) {
      failures.push({ why: error instanceof Error ? error.stack ?? "" : String(error), input });
    }
    const tookMs = performance.now() - start;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > LONGEST_MS) failures.push({ why: `it took ${tookMs} ms`, input });
    await collectRefused(false);
  }
  await collectRefused(true);
  return { inputs: from.length + count, compiled, scripts: syntax.count, slowestMs, failures };
}

function compile({ pod, env }: FuzzInput): CompileOutput {
  return compilePod({
    source: pod,
    file: "pod.yaml",
    podName: "fuzz",
    variables: parseEnvFile(env),
    baseDir: "/srv/pods/fuzz",
    configs: new Set(["config", "nginx_files", "settings", "conf", "site"]),
  });
}

/** The special part of the script, if there is one. Throws for output that contradicts itself. */
function checked({ diagnostics, spec, artifacts }: CompileOutput, { pod }: FuzzInput) {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if ((errors.length === 0) !== (spec !== undefined)) throw new Error("neither errors nor a pod");
  const lines = pod.split("\n");
  for (const { position } of diagnostics) {
    if (!position) continue;
    const line = lines[position.line - 1];
    if (line === undefined || position.column < 1 || position.column > line.length + 1) {
      throw new Error(`a diagnostic at ${position.line}:${position.column}, outside of the file`);
    }
  }
  if (!artifacts || !("text" in artifacts.pod)) return undefined;
  if (artifacts.pod.text.includes("\0")) throw new Error("a NUL in the script");
  // The runtime is the same in all, and is checked once.
  return artifacts.pod.text.slice(0, artifacts.pod.text.indexOf("\n# === runtime ==="));
}

/** Keeps the inputs of `failures` for ever; returns their names. */
export function keep(failures: readonly FuzzFailure[], seed: number): string[] {
  return failures.map(({ input }, index) => {
    const stem = join(CORPUS, `failed-${seed}-${index}`);
    Deno.writeTextFileSync(`${stem}.yaml`, input.pod);
    if (input.env !== "") Deno.writeTextFileSync(`${stem}.env`, input.env);
    return `${stem}.yaml`;
  });
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 100_000);
  const seed = Number(Deno.args[1] ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`${count} inputs, seed ${seed}`);
  const start = performance.now();
  const { failures, ...figures } = await fuzz(count, seed, Deno.args[2]);
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(JSON.stringify({ seed, seconds, ...figures, failures: failures.length }));
  for (const { why } of failures.slice(0, 20)) console.error(why);
  for (const path of keep(failures.slice(0, 20), seed)) console.error(`kept as ${path}`);
  if (failures.length > 0) Deno.exit(1);
}
