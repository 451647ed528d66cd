/**
 * Makes what is shipped, in dist/:
 *
 * - `<program>.js`: a minified bundle per program, for `deno run -A <url>/<program>.js`
 * - `simplenetes-<version>-<target>`: all programs and deno in one file that needs nothing
 * - `<program>-<target>`: an executable per program by `deno compile`, where its base can be had
 * - `SHA256SUMS`
 *
 * The same sources and the same deno give the same bytes.
 *
 *     deno task build [--target=linux-x64,linux-arm64,…] [--out=dist] [--no-compile] [--fast]
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { VERSION } from "../proxy/conf/mod.ts";
import { bundleAll } from "./build/bundle.ts";
import { compileAll } from "./build/compile.ts";
import { denoFor, type Target, TARGETS } from "./build/deno_for.ts";
import { makePortable } from "./build/portable.ts";

const HOST: Target = Deno.build.os === "darwin"
  ? (Deno.build.arch === "aarch64" ? "macos-arm64" : "macos-x64")
  : (Deno.build.arch === "aarch64" ? "linux-arm64" : "linux-x64");

function settings() {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      "target": { type: "string", default: HOST },
      "out": { type: "string", default: "dist" },
      "no-compile": { type: "boolean", default: false },
      // Compresses quickly, for tests.
      "fast": { type: "boolean", default: false },
    },
  });
  const targets = values.target.split(",").map((name) => {
    const target = TARGETS.find((each) => each === name);
    if (!target) throw new Error(`--target=${name}: it is one of ${TARGETS.join(", ")}`);
    return target;
  });
  return { targets, out: values.out, compile: !values["no-compile"], level: values.fast ? 1 : 9 };
}

async function main(): Promise<void> {
  const { targets, out, compile, level } = settings();
  await Deno.mkdir(out, { recursive: true });
  const made = await bundleAll(out);
  for (const target of targets) {
    const deno = await denoFor(target, HOST);
    const file = `simplenetes-${VERSION}-${target}`;
    await makePortable(join(out, file), { target, deno, bundles: made.bundles, dir: out, level });
    made.files.push(file);
    if (compile) made.files.push(...await compileAll(out, target));
  }
  const sums: string[] = [];
  for (const file of made.files.sort()) {
    const bytes = await Deno.readFile(join(out, file));
    sums.push(`${createHash("sha256").update(bytes).digest("hex")}  ${file}\n`);
    console.log(`${(bytes.length / 1e6).toFixed(1).padStart(7)} MB  ${file}`);
  }
  await Deno.writeTextFile(join(out, "SHA256SUMS"), sums.join(""));
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`build: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
