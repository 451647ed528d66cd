/** Checksums of config directories, as releases and hosts store them. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";

/**
 * The checksum that `config/<name>.txt` holds: sha256 over a `<hex>  ./relative/path` line for each
 * regular file below `dir`, sorted by path.
 */
export async function configChecksum(dir: string): Promise<string> {
  const files = (await walk(dir)).filter(({ kind }) => kind === "file").map(({ path }) => path);
  const lines: string[] = [];
  for (const path of files) lines.push(checksumLine(await fileChecksum(join(dir, path)), path));
  return sha256(lines.join(""));
}

/** A line as sha256sum prints it: names with a newline or backslash are escaped and marked. */
function checksumLine(hex: string, path: string): string {
  if (!/[\\\n]/.test(path)) return `${hex}  ./${path}\n`;
  return `\\${hex}  ./${path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`;
}

/**
 * A checksum of what {@link configChecksum} passes over: the kinds, executable bits and link
 * targets of everything below `dir`. Other mode bits are left out, as git does not keep them.
 */
export async function configShape(dir: string): Promise<string> {
  const lines = (await walk(dir)).map(({ path, kind, detail }) => `${kind}\0${detail}\0${path}\0`);
  return sha256(lines.join(""));
}

/** sha256 of a file's content, in hex. */
export async function fileChecksum(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** sha256 of a text in UTF-8, in hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

interface Entry {
  readonly path: string;
  readonly kind: "file" | "link" | "dir";
  readonly detail: string;
}

/** Everything below `dir`, sorted by path in byte order, links not followed. */
async function walk(dir: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  const visit = async (prefix: string): Promise<void> => {
    for await (const entry of Deno.readDir(join(dir, prefix))) {
      const path = prefix + entry.name;
      if (entry.isDirectory) {
        entries.push({ path, kind: "dir", detail: "" });
        await visit(`${path}/`);
      } else if (entry.isSymlink) {
        entries.push({ path, kind: "link", detail: await Deno.readLink(join(dir, path)) });
      } else if (entry.isFile) {
        const { mode } = await Deno.stat(join(dir, path));
        entries.push({ path, kind: "file", detail: (mode ?? 0) & 0o100 ? "x" : "" });
      }
    }
  };
  await visit("");
  const encoder = new TextEncoder();
  const keyed = entries.map((entry) => ({ entry, key: encoder.encode(entry.path) }));
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ entry }) => entry);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
