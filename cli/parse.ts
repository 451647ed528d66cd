/** Turns a command line into an invocation. */
import { object, or } from "@optique/core/constructs";
import { map } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { command, constant } from "@optique/core/primitives";
import type { Usage } from "@optique/core/usage";
import { type RunOptions, runSync } from "@optique/run/run";
import { VERSION } from "../proxy/conf/mod.ts";
import { type Command, exampleText, type Invocation, plain } from "./command.ts";
import { COMMANDS, entriesOf, type Entry, type Group, isGroup } from "./commands/index.ts";

type InvocationParser = Parser<"sync", Invocation, unknown>;

/** What a command line comes to. */
export type Parsed =
  | { readonly kind: "run"; readonly invocation: Invocation }
  /** Everything is said already: help, a version, or a usage error. */
  | { readonly kind: "exit"; readonly code: number };

export interface ParseOutput {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Columns to wrap at. */
  readonly width?: number;
}

/** Exit code of a usage error. */
export const USAGE_ERROR = 2;

/** Parses `args`, the words after the program's name. */
export async function parseCommandLine(
  args: readonly string[],
  output: ParseOutput,
): Promise<Parsed> {
  const { node, words } = follow(args);
  const programName = ["sns", ...words].join(" ");
  const rest = args.slice(words.length);
  if (node !== undefined && !isGroup(node)) {
    const { description, example, parser } = await node.load();
    return parseWith(parser, rest, output, {
      programName,
      brief: plain(node.brief),
      description: plain(description),
      footer: exampleText(example),
      help: { option: { names: ["-h", "--help"] } },
      aboveError: "usage",
    });
  }
  if (node !== undefined) {
    const parser = groupParser(node, await loadAll(node, false));
    return parseWith(parser, rest, output, {
      programName,
      brief: plain(node.brief),
      help: { option: { names: ["-h", "--help"] } },
      ...(rest[0] === undefined || rest[0] === "" ? { args: ["--help"] } : {}),
    });
  }
  return await parseAtRoot(args.length === 0 ? ["--help"] : args, output);
}

/** The command or group that the first of `args` lead to, as far as they are words of any. */
function follow(args: readonly string[]): { node?: Entry | Group; words: readonly string[] } {
  let [node, commands]: [Entry | Group | undefined, Group["commands"]] = [undefined, COMMANDS];
  for (const [index, word] of args.entries()) {
    const next = Object.hasOwn(commands, word) ? commands[word] : undefined;
    if (next === undefined) return { ...(node && { node }), words: args.slice(0, index) };
    if (!isGroup(next)) return { node: next, words: args.slice(0, index + 1) };
    [node, commands] = [next, next.commands];
  }
  return { ...(node && { node }), words: args };
}

/** Help, version, completion, and nouns that don't exist. */
async function parseAtRoot(args: readonly string[], output: ParseOutput): Promise<Parsed> {
  const whole = args[0] === "completion" || args[0] === "help";
  const root: Group = { brief: "", commands: COMMANDS };
  return parseWith(groupParser(root, await loadAll(root, whole)), args, output, {
    programName: "sns",
    brief: plain("Manage clusters of pods from a git repository."),
    footer: plain("sns <noun> <verb> --help tells about each command."),
    usageLine: [{ type: "ellipsis" }],
    commandList: "top-level",
    help: { command: true, option: { names: ["-h", "--help"] } },
    version: { value: `sns ${VERSION}`, command: true, option: { names: ["-V", "--version"] } },
    completion: "command",
  });
}

type Loaded = ReadonlyMap<Entry, Command | undefined>;

/** The commands of a group; unless `whole`, only their names are known. */
async function loadAll(group: Group, whole: boolean): Promise<Loaded> {
  const loaded = new Map<Entry, Command | undefined>();
  for (const { entry } of entriesOf(group.commands)) {
    loaded.set(entry, whole ? await entry.load() : undefined);
  }
  return loaded;
}

function groupParser(group: Group, loaded: Loaded): InvocationParser {
  return alternatives(
    Object.entries(group.commands).map(([word, node]) =>
      isGroup(node)
        ? command(word, groupParser(node, loaded), { brief: plain(node.brief) })
        : verbParser(word, node, loaded.get(node))
    ),
  );
}

function verbParser(verb: string, { brief }: Entry, loaded: Command | undefined): InvocationParser {
  if (loaded === undefined) return command(verb, placeholder(), { brief: plain(brief) });
  const { description, example, parser } = loaded;
  return command(verb, parser, {
    brief: plain(brief),
    description: plain(description),
    footer: exampleText(example),
  });
}

/** Stands for a command whose words select another parser before this one is asked. */
function placeholder(): InvocationParser {
  const never: Invocation = () => Promise.reject(new Error("This command was not loaded"));
  return map(object({ never: constant(true) }), () => never);
}

function alternatives(parsers: readonly InvocationParser[]): InvocationParser {
  return or(...parsers as [InvocationParser, InvocationParser]);
}

/** What the parser library says, in this program's form, and naming what is missing. */
function errorText(text: string, usage: Usage): string {
  return text.replace(/^Error: /m, "[ERROR] ").replace(
    /Missing required argument\.|No matching option or argument found\./,
    (unnamed) => {
      const names = requiredIn(usage);
      return names.length === 0 ? unnamed : `Missing ${names.join(" and ")}.`;
    },
  );
}

/** The options and arguments that a command line can't do without. */
function requiredIn(usage: Usage): string[] {
  return usage.flatMap((term) => {
    if (term.type === "argument") return [term.metavar];
    if (term.type === "option") return [term.names.join("/")];
    return term.type === "multiple" && term.min > 0 ? requiredIn(term.terms) : [];
  });
}

/** Thrown out of the parser library where it would end the process. */
class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

function parseWith(
  parser: InvocationParser,
  args: readonly string[],
  { stdout, stderr, width }: ParseOutput,
  options: RunOptions,
): Parsed {
  try {
    const invocation = runSync(parser, {
      args,
      aboveError: "none",
      ...options,
      stdout: (text) => stdout(`${text}\n`),
      stderr: (text) => stderr(`${errorText(text, parser.usage)}\n`),
      onExit: (code) => {
        if (code === USAGE_ERROR && options.aboveError !== "usage") {
          stderr(`[INFO]  Try: ${options.programName} --help\n`);
        }
        throw new Exit(code);
      },
      errorExitCode: USAGE_ERROR,
      termWidth: "auto",
      ...(width === undefined ? {} : { maxWidth: width }),
    });
    return { kind: "run", invocation };
  } catch (error) {
    if (error instanceof Exit) return { kind: "exit", code: error.code };
    throw error;
  }
}
