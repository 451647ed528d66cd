/** The deno executable for a kind of machine: this very one, or that of the npm package. */
import { join } from "node:path";
import { run } from "./run.ts";

export const TARGETS = ["linux-x64", "linux-arm64", "macos-x64", "macos-arm64"] as const;
export type Target = typeof TARGETS[number];

const PACKAGES: Record<Target, string> = {
  "linux-x64": "@deno/linux-x64-glibc",
  "linux-arm64": "@deno/linux-arm64-glibc",
  "macos-x64": "@deno/darwin-x64",
  "macos-arm64": "@deno/darwin-arm64",
};

/**
 * The bytes of deno for `target`, of the version that runs here. npm checks what it downloads.
 *
 * @param here The kind of machine that this is.
 */
export async function denoFor(target: Target, here: Target): Promise<Uint8Array<ArrayBuffer>> {
  if (target === here) return await Deno.readFile(Deno.execPath());
  const dir = await Deno.makeTempDir({ prefix: "deno-" });
  try {
    const name = `${PACKAGES[target]}@${Deno.version.deno}`;
    const file = await run("npm", ["pack", "--silent", name], dir);
    await run("tar", ["-xzf", join(dir, file), "-C", dir]);
    return await Deno.readFile(join(dir, "package/deno"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
