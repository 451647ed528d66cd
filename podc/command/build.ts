/** One run of podc: reads the files, compiles, tells what is wrong, writes the results. */
import { posix } from "node:path";
import { type Artifacts, type CompileOutput, compilePod } from "../compile.ts";
import { parseEnvFile } from "../source/env_file.ts";
import { variablesIn } from "../source/variables.ts";
import { type Diagnostic, formatDiagnostic } from "../spec/diagnostic.ts";
import type { Arguments } from "./arguments.ts";
import { type Paths, pathsOf } from "./paths.ts";
import { applyChanges, type FileChange } from "./write.ts";

/** What a run takes from its surroundings. */
export interface Surroundings {
  /** Absolute path of the current directory. */
  readonly cwd: string;
  readonly environment: (name: string) => string | undefined;
  /** Prints one message, which may have several lines. */
  readonly print: (
    level: "error" | "warning" | "ok",
    text: string,
    kind?: "message" | "diagnostic",
  ) => void;
  /** Takes the diagnostics of a run that was asked for them as data. */
  readonly collect?: (diagnostics: readonly Diagnostic[]) => void;
}

/**
 * Compiles as `args` ask.
 *
 * @returns whether there was no error; with one, no file was touched
 * @throws {Error} when a file cannot be read or written
 */
export async function build(args: Arguments, surroundings: Surroundings): Promise<boolean> {
  const { cwd, print } = surroundings;
  const paths = pathsOf(args, cwd);
  const source = await readText(paths.infile);
  if (await isDirectory(paths.outfile)) throw new Error(`${paths.outfile} is a directory`);
  const output = compilePod({
    source,
    file: posix.relative(cwd, paths.infile).startsWith("..") ? paths.infile : args.file,
    podName: args.podName ?? posix.basename(cwd),
    variables: args.preprocess ? await variablesFor(source, paths, args, surroundings) : new Map(),
    undefinedVariables: args.undefinedVariables,
    preprocess: args.preprocess,
    baseDir: paths.baseDir,
    configs: await directoriesIn(paths.configs),
  });
  if (args.json) surroundings.collect?.(output.diagnostics);
  for (const diagnostic of args.json ? [] : output.diagnostics) {
    print(diagnostic.severity, formatDiagnostic(diagnostic, source), "diagnostic");
  }
  if (!output.artifacts || !output.spec) {
    print("error", `${args.file}: ${count(output)}${args.check ? "" : ", nothing was written"}`);
    return false;
  }
  const pod = await podBytes(output.artifacts);
  const name = `${output.spec.name} ${output.spec.version}`;
  if (args.check) {
    print("ok", `${name} has no errors`);
    return true;
  }
  await applyChanges(changesOf(paths, args, output, pod));
  print("ok", `compiled ${name} to ${posix.relative(cwd, paths.outfile)}`);
  return true;
}

/** The pod itself comes last: a reader who sees it new sees everything new. */
function changesOf(
  paths: Paths,
  { preprocess }: Arguments,
  { artifacts, preprocessed }: CompileOutput,
  pod: Uint8Array,
): FileChange[] {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const conf = (path: string, text = "") => ({ path, content: text ? bytes(text) : undefined });
  return [
    ...(preprocess ? [{ path: paths.preprocessed, content: bytes(preprocessed) }] : []),
    conf(paths.portMappings, artifacts?.portMappings),
    conf(paths.ingress, artifacts?.ingress),
    { path: paths.outfile, content: pod, mode: 0o755 },
  ];
}

/** The env file's variables, and with -e those of the environment that it lacks. */
async function variablesFor(
  source: string,
  paths: Paths,
  { sourceEnv }: Arguments,
  { environment }: Surroundings,
): Promise<Map<string, string>> {
  const variables = parseEnvFile(await readTextIfThere(paths.envFile) ?? "");
  for (const name of sourceEnv ? variablesIn(source) : []) {
    const value = variables.has(name) ? undefined : environment(name);
    if (value !== undefined) variables.set(name, value);
  }
  return variables;
}

async function podBytes({ pod }: Artifacts): Promise<Uint8Array> {
  if ("text" in pod) return new TextEncoder().encode(pod.text);
  try {
    if (!(await Deno.stat(pod.copyOf)).isFile) throw new Error("It is not a regular file");
    return await Deno.readFile(pod.copyOf);
  } catch (cause) {
    throw new Error(`Cannot read executable.file ${pod.copyOf}`, { cause });
  }
}

async function readText(path: string): Promise<string> {
  try {
    if (!(await Deno.stat(path)).isFile) throw new Error("It is not a regular file");
    return decode(await Deno.readFile(path));
  } catch (cause) {
    throw new Error(`Cannot read ${path}`, { cause });
  }
}

async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return decode(await Deno.readFile(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot read ${path}`, { cause });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Error("It is not UTF-8 text");
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await statOf(path))?.isDirectory ?? false;
}

/** Names of the directories in `path`, links to directories included; none when there is no such directory. */
async function directoriesIn(path: string): Promise<Set<string>> {
  if (!(await isDirectory(path))) return new Set();
  const names = new Set<string>();
  for await (const { name } of Deno.readDir(path)) {
    if (await isDirectory(posix.join(path, name))) names.add(name);
  }
  return names;
}

async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** `2 errors, 1 warning` */
function count({ diagnostics }: CompileOutput): string {
  return (["error", "warning"] as const).flatMap((severity) => {
    const number = diagnostics.filter((each) => each.severity === severity).length;
    return number === 0 ? [] : `${number} ${severity}${number === 1 ? "" : "s"}`;
  }).join(", ");
}
