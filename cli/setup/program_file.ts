/** The file with all programs that a host gets: where it is, and whether it is the right one. */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { VERSION } from "../../proxy/conf/mod.ts";
import { UserError } from "../errors.ts";
import { readTextIfPresent, statIfPresent } from "../project/files.ts";

/** Where `sns` is told by its own launcher what it was unpacked from. */
export const FILE_VARIABLE = "SIMPLENETES_FILE";

/** Kinds of machines, as uname says them, and as programs are named for them. */
const TARGETS: Readonly<Record<string, string>> = {
  x86_64: "linux-x64",
  amd64: "linux-x64",
  aarch64: "linux-arm64",
  arm64: "linux-arm64",
};

/** What the head of a portable file says of it. */
export interface ProgramHead {
  readonly version: string;
  readonly target: string;
  /** Names of the directories that its parts are unpacked to. */
  readonly deno: string;
  readonly apps: string;
}

export interface ProgramFile extends ProgramHead {
  readonly path: string;
}

/** Reads the head of a portable file; `undefined` when it is none. */
export function parseHead(text: string): ProgramHead | undefined {
  const [, version, target] = /^# Simplenetes (\S+) for (\S+), in one file/m.exec(text) ?? [];
  const [, deno] = /^deno_sum=([0-9a-f]{12})/m.exec(text) ?? [];
  const [, apps] = /^apps_sum=([0-9a-f]{12})/m.exec(text) ?? [];
  if (!version || !target || !deno || !apps) return undefined;
  return { version, target, deno: `deno-${deno}`, apps: `apps-${apps}` };
}

/** What programs for a machine are named after. */
export function targetOf(machine: string): string {
  const target = TARGETS[machine];
  if (target !== undefined) return target;
  throw new UserError(`There are no programs for a machine of the kind ${machine}`, {
    hint: `there are for ${Object.keys(TARGETS).join(", ")}`,
  });
}

export interface FindOptions {
  readonly target: string;
  /** A file that was named. */
  readonly named: string | undefined;
  /** What this `sns` was unpacked from. */
  readonly own: string | undefined;
}

/**
 * The portable file for a kind of machine: the one that is named, that which runs here, or one beside it.
 *
 * @throws {UserError} when there is none, or it is for another machine
 */
export async function findProgramFile(options: FindOptions): Promise<ProgramFile> {
  const { target, named, own } = options;
  const name = `simplenetes-${VERSION}-${target}`;
  const dist = new URL(`../../dist/${name}`, import.meta.url);
  const paths = named !== undefined
    ? [named]
    : [...(own === undefined ? [] : [own, join(dirname(own), name)]), dist.pathname];
  for (const path of paths) {
    if (await statIfPresent(path) === undefined) continue;
    const head = parseHead(await firstBytes(path));
    if (head?.target === target) return { path, ...head };
    if (named === undefined) continue;
    throw new UserError(
      head === undefined
        ? `${path} is not a file with all programs`
        : `${path} is for ${head.target}, the host is ${target}`,
      { hint: `give --program the file ${name}` },
    );
  }
  throw new UserError(`There is no file ${name} with the programs for the host`, {
    hint: named === undefined
      ? `make it with: deno task build --target=${target}, or name it with --program`
      : `${named} does not exist`,
  });
}

/** The SHA-256 of a file, which has to be that of SHA256SUMS beside it, if it stands there. */
export async function checkedSum(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await Deno.open(path);
  for await (const bytes of file.readable) hash.update(bytes);
  const sum = hash.digest("hex");
  const sums = await readTextIfPresent(join(dirname(path), "SHA256SUMS")) ?? "";
  const line = sums.split("\n").find((each) => each.endsWith(`  ${basename(path)}`));
  if (line === undefined || line.startsWith(`${sum} `)) return sum;
  throw new UserError(`${path} is damaged: its checksum is not that of SHA256SUMS beside it`, {
    hint: "get it again, or build it again",
  });
}

async function firstBytes(path: string): Promise<string> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(4096);
  const count = await file.read(bytes) ?? 0;
  return new TextDecoder("latin1").decode(bytes.subarray(0, count));
}
