/** A minified file per program, without any import from elsewhere. */
import { join } from "node:path";
import { PROGRAMS, WORKERS } from "./programs.ts";
import { run } from "./run.ts";

/**
 * Bundles everything into `dir`.
 *
 * @throws Error when a bundle still imports something that does not come with deno.
 */
export async function bundleAll(dir: string): Promise<{ bundles: string[]; files: string[] }> {
  const bundles: string[] = [];
  for (const [name, entry] of Object.entries({ ...PROGRAMS, ...WORKERS })) {
    const file = `${name}.js`;
    // cpu-features and ssh2's own native code are optional, and never there.
    const args = ["bundle", "-q", "--minify", "--platform", "deno", "--external", "*.node"];
    await run(Deno.execPath(), [...args, "-o", join(dir, file), entry]);
    const text = withAnyBase(await Deno.readTextFile(join(dir, file)));
    const [foreign] = /\bfrom\s*"(?:npm:|jsr:|https?:)[^"]+"/.exec(text) ?? [];
    if (foreign) throw new Error(`${file} still imports ${foreign}`);
    await Deno.writeTextFile(join(dir, file), text);
    bundles.push(file);
  }
  return { bundles, files: [...bundles] };
}

/**
 * A bundle that works at any address: what it requires comes with deno, for which one path is as good
 * as another, but the bundler's own line takes only file URLs. Modules of npm that are no ES modules
 * ask for their directory, too, for programs that no host here has.
 */
function withAnyBase(text: string): string {
  const placed = text.replace("createRequire(import.meta.url)", 'createRequire("file:///")');
  return /\b__dirname\b/.test(placed) ? `const __dirname="/";${placed}` : placed;
}
