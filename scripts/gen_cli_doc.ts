/** Writes docs/cli.md, the reference of all commands of sns, from their own help. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../cli/commands/index.ts";
import { parseCommandLine } from "../cli/parse.ts";

const FILE = join(fileURLToPath(new URL("..", import.meta.url)), "docs", "cli.md");

const INTRO = `# All commands

Made by \`deno task docs\` from \`--help\`; [Commands](commands.md) says what they have in common.
`;

/** The whole document. */
export async function cliReference(): Promise<string> {
  const parts = [INTRO];
  for (const [noun, { commands }] of Object.entries(COMMANDS)) {
    for (const verb of Object.keys(commands).sort()) {
      parts.push(`## ${noun} ${verb}\n\n\`\`\`text\n${await helpOf(noun, verb)}\n\`\`\`\n`);
    }
  }
  return parts.join("\n");
}

async function helpOf(noun: string, verb: string): Promise<string> {
  let text = "";
  const print = (more: string) => void (text += more);
  await parseCommandLine([noun, verb, "--help"], { stdout: print, stderr: print });
  return text.trimEnd();
}

if (import.meta.main) await Deno.writeTextFile(FILE, await cliReference());
