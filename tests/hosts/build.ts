/** The file with all programs, as it is shipped. */
import { must } from "./command.ts";

const TARGET = `linux-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;

/** Its name for this machine's architecture. */
export const programFile = (version: string) => `simplenetes-${version}-${TARGET}`;

/** Builds the sources in `root` into the directory `dist`. */
export async function build(root: string, dist: string): Promise<void> {
  const words = ["scripts/build.ts", "--fast", "--no-compile", `--out=${dist}`];
  const deno = [Deno.execPath(), "run", "-q", "-A", ...words];
  await must(["env", "-C", root, `DENO_DIR=${Deno.env.get("DENO_DIR")}`, ...deno], 240);
}

/** Copies the sources in `root` to `copy`, with another version. */
export async function copySources(root: string, copy: string, version: string): Promise<void> {
  const script = `set -eu
mkdir "$2"
cd "$1"
git ls-files -z --cached --others --exclude-standard | tar -cf - --null -T - | tar -xf - -C "$2"
sed -i 's/^export const VERSION = .*/export const VERSION = "'"$3"'";/' "$2/proxy/conf/version.ts"
grep -q "\\"$3\\"" "$2/proxy/conf/version.ts"`;
  await must(["sh", "-c", script, "sh", root, copy, version]);
}
