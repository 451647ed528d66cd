/** How commands are defined, and the option parsers that many of them share. */
import { map, optional } from "@optique/core/modifiers";
import { lineBreak, type Message, text } from "@optique/core/message";
import type { Parser } from "@optique/core/parser";
import { argument, option } from "@optique/core/primitives";
import { integer, string, type ValueParser } from "@optique/core/valueparser";
import {
  completeAttachments,
  completeHosts,
  completeReleaseList,
  completeReleases,
  type CompletionPlace,
  currentPlace,
} from "./completion.ts";
import type { Deps } from "./deps.ts";

/** A parsed command line, ready to run; gives the exit code. */
export type Invocation = (deps: Deps) => Promise<number>;

/** A command without the type of its options. */
export interface Command {
  /** What it does and what to know about it; paragraphs are separated by newlines. */
  readonly description: string;
  /** Command lines that show its use, one per line. */
  readonly example: string;
  readonly parser: Parser<"sync", Invocation, unknown>;
}

/** Binds a command's parser to the function that gets what it parsed. */
export function defineCommand<T>(command: {
  readonly description: string;
  readonly example: string;
  readonly parser: Parser<"sync", T, unknown>;
  readonly run: (deps: Deps, options: T) => Promise<number>;
}): Command {
  const { description, example, parser, run } = command;
  return {
    description,
    example,
    parser: map(parser, (options): Invocation => (deps) => run(deps, options)),
  };
}

/** `content` as the parser library prints it, newlines kept. */
export function plain(content: string): Message {
  return content.split("\n").flatMap((line, index) =>
    index === 0 ? [text(line)] : [lineBreak(), text(line)]
  );
}

/** The text below a command's options. */
export function exampleText(example: string): Message {
  return plain(`Example:\n${example.split("\n").map((line) => `  ${line}`).join("\n")}`);
}

type OptionName = `-${string}`;

/** An option without a value. */
export function flag(names: readonly [OptionName, ...OptionName[]], description: string) {
  return option(...names, { description: plain(description) });
}

/** An option with a text value. */
export function textOption(
  names: readonly [OptionName, ...OptionName[]],
  metavar: Metavar,
  description: string,
) {
  return option(...names, string({ metavar }), { description: plain(description) });
}

/** An option with a value of another type. */
export function valueOption<T>(
  names: readonly [OptionName, ...OptionName[]],
  parser: ValueParser<"sync", T>,
  description: string,
) {
  return option(...names, parser, { description: plain(description) });
}

/** An option with some of `words` as its value, separated by commas. */
export function wordsOption(
  names: readonly [OptionName, ...OptionName[]],
  metavar: Metavar,
  words: readonly string[],
  description: string,
) {
  const parser: ValueParser<"sync", string> = {
    ...string({ metavar }),
    parse: (input) =>
      input.split(",").every((word) => words.includes(word))
        ? { success: true, value: input }
        : { success: false, error: plain(`"${input}" is not made of ${words.join(", ")}.`) },
  };
  return option(...names, parser, { description: plain(description) });
}

/** A positional argument. */
export function textArgument(metavar: Metavar, description: string) {
  return argument(string({ metavar }), { description: plain(description) });
}

/** A positional argument whose values `complete` knows. */
function knownArgument(
  metavar: Metavar,
  description: string,
  complete: (place: CompletionPlace, prefix: string) => readonly string[],
) {
  const parser: ValueParser<"sync", string> = {
    ...string({ metavar }),
    *suggest(prefix) {
      for (const text of complete(currentPlace(), prefix)) {
        if (text.startsWith(prefix)) yield { kind: "literal", text };
      }
    },
  };
  return argument(parser, { description: plain(description) });
}

/** The name of a host of the project. */
export const hostArgument = () => knownArgument("HOST", "A registered host", completeHosts);

/** A pod with its releases. */
export const podArgument = (metavar: Metavar, description: string) =>
  knownArgument(metavar, description, completeReleases);

/** Releases of several pods, with commas between them. */
export const releaseListArgument = () =>
  knownArgument(
    "PODS",
    "POD[:VERSION][@HOST] or @HOST, several with commas",
    completeReleaseList,
  );

/** The releases that a command works on. */
export const releaseArgument = () =>
  podArgument("POD[:VERSION][@HOST]", "The releases; the latest version by default");

/** A pod and the host to attach it to. */
export const attachmentArgument = () =>
  knownArgument("POD@HOST", "The pod and the host", completeAttachments);

type Metavar = NonNullable<NonNullable<Parameters<typeof string>[0]>["metavar"]>;

/** `--json`, as every command has it that prints data. */
export const jsonFlag = () => flag(["--json"], "Print JSON");

/** `-q`, also in the spelling of older versions. */
export const quietFlag = (description: string) => flag(["-q", "--quiet", "--quite"], description);

/** Hosts that are worked on at a time. */
export const DEFAULT_PARALLEL = 10;

/** `--parallel`, for commands that work on all hosts. */
export const parallelOption = () =>
  optional(
    valueOption(
      ["--parallel"],
      integer({ metavar: "N", min: 1, max: 1000 }),
      `Work on this many hosts at a time (default ${DEFAULT_PARALLEL})`,
    ),
  );
