/**
 * Holds the documents against the project: links lead somewhere, commands exist and those in blocks
 * run, every dependency is argued for, TypeScript examples type-check, and nothing names a machine.
 */
import { dirname, join } from "node:path";
import { parseCommandLine } from "../cli/parse.ts";
import { commandBlocks, snsCommands } from "./docs/blocks.ts";
import { runBlocks } from "./docs/run_blocks.ts";

const root = new URL("../", import.meta.url).pathname;
const problems: string[] = [];

async function documents(): Promise<string[]> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    cwd: root,
  }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").filter((path) => path !== "");
}

/** Links to files of the project. */
function checkLinks(path: string, text: string): void {
  for (const [, target] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
    if (/^[a-z]+:/.test(target!)) continue;
    try {
      Deno.statSync(join(root, dirname(path), target!));
    } catch {
      problems.push(`${path}: the link to ${target} leads nowhere`);
    }
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** `sns noun verb` in code has to be a command, as the files below cli/commands say. */
function checkCommands(path: string, text: string): void {
  for (const [, ...words] of text.matchAll(/\bsns (cluster|host|pod) ([a-z]+)(?: ([a-z]+))?/g)) {
    const [noun, verb, more] = words as [string, string, string | undefined];
    // A group of commands, or one of them.
    const paths = [`${verb}.ts`, more === undefined ? verb : join(verb, `${more}.ts`)];
    if (!paths.some((each) => isThere(join(root, "cli", "commands", noun, each)))) {
      problems.push(`${path}: there is no command "sns ${noun} ${verb}${more ? ` ${more}` : ""}"`);
    }
  }
}

/** Runs the blocks that can run here; of the others at least the commands of sns have to be right. */
async function checkBlocks(path: string, text: string): Promise<void> {
  const { blocks, wrong } = commandBlocks(text);
  for (const { line, why } of wrong) problems.push(`${path}:${line}: ${why}`);
  for (const block of blocks.filter(({ kind }) => kind !== "run" && kind !== "podman")) {
    for (const words of snsCommands(block)) {
      let said = "";
      const parsed = await parseCommandLine(words, {
        stdout: () => {},
        stderr: (more) => void (said += more),
      });
      const right = parsed.kind === "run" || parsed.code === 0;
      if (!right) problems.push(`${path}:${block.line}: "sns ${words.join(" ")}": ${said.trim()}`);
    }
  }
  const run = blocks.filter(({ kind }) => kind === "run");
  const failure = run.length === 0 ? undefined : await runBlocks(path, run);
  if (failure !== undefined) problems.push(`${path}: ${failure}`);
}

/** What would tie the project to one machine or one registry. */
function checkNames(path: string, text: string): void {
  for (const pattern of [/https?:\/\/[\w.-]*(npm|debian)[\w.-]*/, /(^|[\s"'`(])\/work\//]) {
    const match = pattern.exec(text);
    if (match) problems.push(`${path}: names ${match[0].trim()}`);
  }
}

async function checkDependencies(): Promise<void> {
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const argued = await Deno.readTextFile(join(root, "docs/dependencies.md"));
  for (const name of Object.keys(imports)) {
    if (!argued.includes(`\`${name}\``)) {
      problems.push(`docs/dependencies.md: says nothing of ${name}`);
    }
  }
}

for (const path of await documents()) {
  const text = await Deno.readTextFile(join(root, path));
  checkLinks(path, text);
  checkNames(path, text);
  if (path !== "CHANGELOG.md") await checkBlocks(path, text);
  // The changelog tells of what was, too.
  if (path !== "CHANGELOG.md") checkCommands(path, text);
}
await checkDependencies();
const { success } = await new Deno.Command(Deno.execPath(), {
  args: ["check", "--doc", "-q", "mod.ts"],
  cwd: root,
}).output();
if (!success) problems.push("mod.ts: the example in its documentation does not type-check");

for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0 ? "documents agree with the project" : `${problems.length} problems`,
);
Deno.exit(problems.length === 0 ? 0 : 1);
