/** Executables by `deno compile`. Its base runtime comes from Deno's own server, if that can be reached. */
import { join } from "node:path";
import type { Target } from "./deno_for.ts";
import { PROGRAMS, WORKERS } from "./programs.ts";
import { run } from "./run.ts";

const TRIPLES: Record<Target, string> = {
  "linux-x64": "x86_64-unknown-linux-gnu",
  "linux-arm64": "aarch64-unknown-linux-gnu",
  "macos-x64": "x86_64-apple-darwin",
  "macos-arm64": "aarch64-apple-darwin",
};
/** What runs where operators sit; the others are for hosts, which are Linux. */
const ON_MACOS = ["sns", "podc"];

/** Compiles all programs for `target` into `dir`; none, with a word, when the base cannot be had. */
export async function compileAll(dir: string, target: Target): Promise<string[]> {
  const files: string[] = [];
  for (const [name, entry] of Object.entries(PROGRAMS)) {
    if (target.startsWith("macos") && !ON_MACOS.includes(name)) continue;
    const file = `${name}-${target}`;
    const worker = WORKERS[`${name}-worker`];
    try {
      await run(Deno.execPath(), [
        ...["compile", "-q", "-A", "--no-check", "--target", TRIPLES[target]],
        ...(name === "simplenetes-proxy" ? ["--v8-flags=--max-semi-space-size=4"] : []),
        ...(worker === undefined ? [] : ["--include", worker]),
        ...["-o", join(dir, file), entry],
      ]);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!/denort|download|error sending request|dns error/i.test(message)) throw error;
      console.log(`No executables for ${target}: the base runtime of deno compile cannot be had.`);
      return [];
    }
    files.push(file);
  }
  return files;
}
