/**
 * The command blocks of a document, and what is to become of each:
 *
 * - a block of the language `sh` is run by the gate, all of one file in order and in one folder;
 * - `sh podman` is run by the end-to-end suite, with those before it;
 * - `sh hosts` is run by a test on real hosts, tests/e2e/hosts/guide_test.ts;
 * - `sh no-run: <why>` is not run, and neither is `console`, which shows output, too. The commands of
 *   sns in these have to be ones that it understands.
 *
 * `<!-- run: <commands> -->` is run like a block and not shown: what a block takes for granted.
 */

export interface Block {
  /** Of its first line of text, counted from 1. */
  readonly line: number;
  readonly kind: "run" | "podman" | "hosts" | "no-run" | "console";
  readonly text: string;
}

/** A block that says wrongly what is to become of it. */
export interface WrongBlock {
  readonly line: number;
  readonly why: string;
}

/** All of them, in order. */
export function commandBlocks(markdown: string): { blocks: Block[]; wrong: WrongBlock[] } {
  const blocks: Block[] = [];
  const wrong: WrongBlock[] = [];
  const pattern = /^( *)```([^\n]*)\n([\s\S]*?)^ *```$|^<!-- run:\s([\s\S]*?)-->/gm;
  for (const match of markdown.matchAll(pattern)) {
    const [, indent = "", info = "", body = "", hidden] = match;
    const line = markdown.slice(0, match.index).split("\n").length + 1;
    if (hidden !== undefined) {
      blocks.push({ line: line - 1, kind: "run", text: hidden });
      continue;
    }
    const kind = kindOf(info.trim());
    if (kind === undefined) continue;
    const text = body.split("\n").map((each) => each.replace(indent, "")).join("\n");
    if (typeof kind === "string") blocks.push({ line, kind, text });
    else wrong.push({ line, ...kind });
  }
  return { blocks, wrong };
}

function kindOf(info: string): Block["kind"] | { why: string } | undefined {
  if (/^(bash|shell|zsh)\b/.test(info)) return { why: `the language is "sh", not "${info}"` };
  if (info === "console") return "console";
  if (!/^sh\b/.test(info)) return undefined;
  if (info === "sh") return "run";
  if (info === "sh podman") return "podman";
  if (info === "sh hosts") return "hosts";
  return /^sh no-run: \S/.test(info)
    ? "no-run"
    : { why: `"${info}" is none of "sh", "sh podman", "sh hosts" and "sh no-run: <why>"` };
}

/** The command lines of sns in a block that is not run, as words; those that a shell must read first are left out. */
export function snsCommands({ kind, text }: Pick<Block, "kind" | "text">): string[][] {
  const lines = kind === "console"
    ? text.split("\n").flatMap((line) => /^[$#] (.*)$/.exec(line)?.[1] ?? [])
    : text.split("\n");
  return lines.flatMap((line) => line.replace(/(^|\s)#.*$/, "").split(/&&|\|\||[;|]/))
    .map((command) => command.trim().replace(/\s+[<>&].*$/, ""))
    .filter((command) => /^sns\s/.test(command) && !/["'$`\\]/.test(command))
    .map((command) => command.split(/\s+/).slice(1));
}
