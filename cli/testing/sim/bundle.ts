/** What takes the place of a tar in the simulator: the same files, as JSON. */
import { createHash } from "node:crypto";

export interface BundledFile {
  readonly text: string;
  readonly mode: number;
}

export type Files = Readonly<Record<string, BundledFile>>;

/** Paths with a text each, as files of the usual mode. */
export function plainFiles(texts: Readonly<Record<string, string>>): Files {
  return Object.fromEntries(
    Object.entries(texts).map(([path, text]) => [path, { text, mode: 0o644 }]),
  );
}

export function packFiles(files: Files): { readonly bytes: Uint8Array; readonly sum: string } {
  const bytes = new TextEncoder().encode(JSON.stringify(files));
  return { bytes, sum: createHash("sha256").update(bytes).digest("hex") };
}

export function unpackFiles(text: string): Files {
  return JSON.parse(text);
}
