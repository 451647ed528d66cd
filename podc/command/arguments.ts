/** podc's command line as data. */
import { object } from "@optique/core/constructs";
import { runParserSync } from "@optique/core/facade";
import { type Message, message } from "@optique/core/message";
import { multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { VERSION } from "../../proxy/conf/mod.ts";
import { podJsonSchema } from "../spec/json_schema.ts";
import { API_VERSIONS } from "../spec/validate/top.ts";

/** What somebody asked of podc, for one pod. */
export interface Arguments {
  /** The current directory's name when absent. */
  readonly podName: string | undefined;
  readonly file: string;
  readonly outfile: string | undefined;
  readonly dir: string | undefined;
  readonly preprocess: boolean;
  readonly sourceEnv: boolean;
  readonly undefinedVariables: "error" | "empty";
  readonly check: boolean;
  /** Whether diagnostics are handed out as data instead of text. */
  readonly json: boolean;
}

/** What somebody asked of podc, before it is known which words are directories. */
export interface Request extends Omit<Arguments, "podName" | "file"> {
  readonly file: string | undefined;
  /** The name of one pod, or directories of several. */
  readonly pods: readonly string[];
}

/** A request, or text to print before ending with `exitCode`. */
export type ParsedArguments =
  | { readonly request: Request }
  | { readonly stdout: string; readonly stderr: string; readonly exitCode: 0 | 2 };

const path = string({ metavar: "PATH" });
const described = (description: Message) => ({ description });

const PARSER = object({
  pods: multiple(argument(
    string({ metavar: "NAME|DIRECTORY" }),
    described(
      message`Name of the pod, by default that of the current directory; or directories with a pod.yaml each, whose names are the pods' names.`,
    ),
  )),
  file: optional(
    option("-f", "--file", path, described(message`The pod to compile; ./pod.yaml by default.`)),
  ),
  outfile: optional(option(
    "-o",
    "--outfile",
    path,
    described(message`Where to write the pod; by default the file without .yaml.`),
  )),
  dir: optional(option(
    "-d",
    "--dir",
    path,
    described(message`Where relative paths in the file begin; by default beside the file.`),
  )),
  preprocess: withDefault(
    option(
      "-p",
      "--preprocess",
      choice(["true", "false"], { metavar: "true|false" }),
      described(message`Whether variables and directives are looked at; true by default.`),
    ),
    "true",
  ),
  sourceEnv: option(
    "-e",
    "--source-env",
    described(message`Take variables that the env file lacks from the environment.`),
  ),
  undefinedVariables: withDefault(
    option(
      "--undefined",
      choice(["error", "empty"], { metavar: "error|empty" }),
      described(message`What a variable without a value is; an error by default.`),
    ),
    "error",
  ),
  check: option("--check", described(message`Only check, write nothing.`)),
  json: option(
    "--json",
    described(message`Print errors and warnings to stdout, as one JSON array for editors.`),
  ),
  schema: option("--schema", described(message`Print the JSON Schema of pod.yaml and end.`)),
});

/** Reads podc's arguments (those behind the program's name). Never throws, never exits. */
export function parseArguments(args: readonly string[]): ParsedArguments {
  let stdout = "";
  let stderr = "";
  let ending: "help" | "version" | "usage" = "usage";
  const end = (how: typeof ending) => () => {
    ending = how;
    return undefined;
  };
  const parsed = runParserSync(PARSER, "podc", args, {
    brief: message`Compiles a pod.yaml into the standalone program pod.`,
    footer:
      message`Values of variables are read from the file's name with .env instead of .yaml, one NAME=VALUE per line. podc import begins a pod.yaml from a compose or Kubernetes file. Exit codes: 0 done, 1 failed, 2 wrong usage.`,
    help: { option: { names: ["-h", "--help"] }, onShow: end("help") },
    version: {
      option: { names: ["-V", "--version"] },
      value: VERSION,
      onShow: end("version"),
    },
    aboveError: "usage",
    onError: end("usage"),
    stdout: (text) => stdout += text + "\n",
    stderr: (text) => stderr += text + "\n",
  });
  if (parsed === undefined) return endingOf(ending, stdout, stderr);
  const { schema, ...request } = parsed;
  if (schema) {
    return { stdout: JSON.stringify(podJsonSchema(), null, 2) + "\n", stderr, exitCode: 0 };
  }
  return { request: { ...request, preprocess: parsed.preprocess === "true" } };
}

function endingOf(ending: "help" | "version" | "usage", stdout: string, stderr: string) {
  switch (ending) {
    case "help":
      return { stdout, stderr, exitCode: 0 as const };
    case "version": {
      // The parser library knows versions of one line only.
      const lines = `podc ${VERSION}\napi ${API_VERSIONS.at(-1)}\n`;
      return { stdout: lines, stderr, exitCode: 0 as const };
    }
    case "usage":
      return { stdout, stderr: stderr.replace(/^Error: /m, "[ERROR] "), exitCode: 2 as const };
  }
}
