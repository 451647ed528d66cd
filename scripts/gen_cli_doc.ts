/** Writes docs/cli.md, the reference of all commands of sns, from their own help. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS, entriesOf } from "../cli/commands/index.ts";
import { parseCommandLine } from "../cli/parse.ts";

const FILE = join(fileURLToPath(new URL("..", import.meta.url)), "docs", "cli.md");

const INTRO = `# All commands

Made by \`deno task docs\` from \`--help\`; [Commands](commands.md) says what they have in common.
`;

/** The whole document. */
export async function cliReference(): Promise<string> {
  const parts = [INTRO];
  for (const [word, node] of Object.entries(COMMANDS)) {
    const lines = entriesOf({ [word]: node }).map(({ words }) => words);
    for (const words of lines.sort((a, b) => a.join(" ") < b.join(" ") ? -1 : 1)) {
      parts.push(`## ${words.join(" ")}\n\n\`\`\`text\n${await helpOf(words)}\n\`\`\`\n`);
    }
  }
  return parts.join("\n");
}

async function helpOf(words: readonly string[]): Promise<string> {
  let text = "";
  const print = (more: string) => void (text += more);
  await parseCommandLine([...words, "--help"], { stdout: print, stderr: print });
  return text.trimEnd();
}

if (import.meta.main) await Deno.writeTextFile(FILE, await cliReference());
