/** Runs the command blocks of a document. */
import { join } from "node:path";
import type { Block } from "./blocks.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What the blocks have left running. */
const REMOVE_PODS =
  'find -P "$1" -name .pod.run -exec sh -c \'"${1%/*}/pod" rm --kill && "${1%/*}/pod" purge\' sh {} ";"';

/**
 * Runs blocks one after the other with the programs from the sources, in a folder of their own with
 * the examples in it.
 *
 * @returns what failed and where; `undefined` when nothing did
 */
export async function runBlocks(
  file: string,
  blocks: readonly Block[],
): Promise<string | undefined> {
  const dir = await Deno.makeTempDir({ prefix: "docs-" });
  try {
    await Deno.symlink(join(ROOT, "examples"), join(dir, "examples"));
    await Deno.writeTextFile(
      join(dir, ".gitconfig"),
      "[user]\nname = me\nemail = me@localhost\n[init]\ndefaultBranch = main\n",
    );
    const script = [
      `trap 'echo "$block failed" >&2' EXIT`,
      ...blocks.map(({ line, text }) => `block=${file}:${line}\n${text}`),
      "trap - EXIT",
    ].join("\n");
    const { success, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-eu", "-c", script],
      cwd: dir,
      env: {
        PATH: `${ROOT}scripts/bin:${Deno.env.get("PATH")}`,
        // Podman's images and settings are in the real one.
        ...(blocks.some(({ kind }) => kind === "podman") ? {} : { HOME: dir }),
        GIT_CONFIG_GLOBAL: join(dir, ".gitconfig"),
      },
      stdin: "null",
    }).output();
    if (success) return undefined;
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    return `${text(stdout)}\n${text(stderr)}`.trim().split("\n").slice(-12).join("\n");
  } finally {
    await new Deno.Command("sh", { args: ["-c", REMOVE_PODS, "sh", dir], stdout: "null" }).output();
    await Deno.remove(dir, { recursive: true });
  }
}
