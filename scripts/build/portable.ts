/** All programs in one file: a shell script, and compressed behind it deno and the bundles. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { VERSION } from "../../proxy/conf/mod.ts";
import header from "./header.sh" with { type: "text" };
import { run } from "./run.ts";

export interface PortableParts {
  readonly target: string;
  /** The deno executable. */
  readonly deno: Uint8Array;
  /** Names of the bundles, in `dir`. */
  readonly bundles: readonly string[];
  readonly dir: string;
  /** Of gzip, 1 to 9. */
  readonly level: number;
}

/** Writes the file `path`; the same parts give the same bytes. */
export async function makePortable(path: string, parts: PortableParts): Promise<void> {
  const { target, deno, bundles, dir, level } = parts;
  const apps = await packBundles(dir, bundles);
  const packed = [deno, apps].map((bytes) => gzipSync(bytes, { level })) as [Buffer, Buffer];
  const script = fillHeader(header, target, packed);
  await Deno.writeFile(path, script);
  for (const bytes of packed) await Deno.writeFile(path, bytes, { append: true });
  await Deno.chmod(path, 0o755);
}

type Buffer = ReturnType<typeof gzipSync>;

/** A tar of them in which nothing tells when or by whom it was made. */
async function packBundles(dir: string, bundles: readonly string[]): Promise<Uint8Array> {
  const file = await Deno.makeTempFile({ prefix: "apps-" });
  try {
    const nobody = ["--owner=0", "--group=0", "--numeric-owner", "--mode=644", "--mtime=@0"];
    const args = ["--format=ustar", ...nobody, "-C", dir, "-cf", file, ...[...bundles].sort()];
    await run("tar", args);
    return await Deno.readFile(file);
  } finally {
    await Deno.remove(file);
  }
}

/** The script with the places of the two parts, which depend on its own length. */
function fillHeader(template: string, target: string, [deno, apps]: [Buffer, Buffer]): Uint8Array {
  const sum = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  const fill = (at: number) => {
    const values: Record<string, string | number> = {
      VERSION,
      TARGET: target,
      DENO_SUM: sum(deno),
      DENO_AT: String(at).padEnd(8),
      DENO_SIZE: deno.length,
      APPS_SUM: sum(apps),
      APPS_AT: String(at + deno.length).padEnd(10),
      APPS_SIZE: apps.length,
    };
    const text = template.replace(/@([A-Z_]+)@/g, (_, name) => String(values[name]));
    return new TextEncoder().encode(text);
  };
  return fill(fill(0).length);
}
