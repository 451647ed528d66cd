/** The one tar that carries everything a plan delivers to a host. */
import { dirname, join } from "node:path";
import { LocalHost, RELEASE_FILES } from "../../daemon/mod.ts";
import { UserError } from "../errors.ts";
import { fileChecksum } from "../project/config_checksum.ts";
import type { HostDir } from "../project/host.ts";
import { formatCommitChain } from "./commit_chain.ts";
import { manifestLine, type Operation } from "./operation.ts";
import type { DesiredHost, DesiredRelease } from "./state.ts";

const TIMEOUT_MS = 300_000;

/**
 * The system's tar does the packing: it keeps modes, links and all file names, and no library here
 * does that better. `$1` is the archive, `$2` the directory of generated files, `$3` the host's
 * directory in the project; the paths to take from there come on stdin, each ended by a NUL.
 */
const PACK = `exec tar -cf "$1" -C "$2" . -C "$3" --null -T -`;

/** A packed archive on the local disk. */
export interface Archive {
  readonly path: string;
  /** sha256 of the file, in hex. */
  readonly sum: string;
}

/** What is in the archive of a plan. */
export interface ArchiveContent {
  /** Generated files: text by path below the host home, and the manifest. */
  readonly texts: ReadonlyMap<string, string>;
  /** Files and directories of the host's directory in the project. */
  readonly members: readonly string[];
}

/** What `operations` need. */
export function archiveContent(
  desired: DesiredHost,
  operations: readonly Operation[],
): ArchiveContent {
  const texts = new Map<string, string>();
  const members: string[] = [];
  const lines = operations.map((operation) => `${manifestLine(operation)}\n`);
  texts.set("manifest", lines.join(""));
  for (const operation of operations) {
    if (operation.kind === "hosts") texts.set("hosts.conf", desired.hostsConf);
    else if (operation.kind === "chain") {
      texts.set("commit-chain.txt", formatCommitChain(desired.chain));
    } else if (operation.kind === "state") {
      texts.set(`states/${operation.pod}/${operation.version}`, `${operation.state}\n`);
    } else if (operation.kind === "file") {
      members.push(`${releasePath(operation)}/${operation.name}`);
    } else if (operation.kind === "config") {
      members.push(addConfig(texts, find(desired, operation), operation.name));
    } else if (operation.kind === "release") {
      const release = find(desired, operation);
      for (const file of release.files.keys()) members.push(`${releasePath(release)}/${file}`);
      for (const name of release.configs.keys()) members.push(addConfig(texts, release, name));
    }
  }
  return { texts, members };
}

/**
 * Packs what `operations` need into a file below `workDir`, an empty directory that only this user
 * can read.
 */
export async function packArchive(
  workDir: string,
  host: HostDir,
  desired: DesiredHost,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<Archive> {
  const generated = join(workDir, "generated");
  const { texts, members } = archiveContent(desired, operations);
  for (const [path, text] of texts) {
    await Deno.mkdir(dirname(join(generated, path)), { recursive: true });
    await Deno.writeTextFile(join(generated, path), text);
  }
  const path = join(workDir, "archive.tar");
  await pack([path, generated, host.dir], members, host.name, signal);
  return { path, sum: await fileChecksum(path) };
}

type Named = { readonly pod: string; readonly version: string };

function releasePath({ pod, version }: Named): string {
  return `pods/${pod}/release/${version}`;
}

function find(desired: DesiredHost, { pod, version }: Named): DesiredRelease {
  const release = desired.releases.find((each) => each.pod === pod && each.version === version);
  if (release === undefined) throw new Error(`The plan has an unknown release ${pod}:${version}`);
  return release;
}

/** Generates the checksum files of a config, and returns the path of its directory. */
function addConfig(texts: Map<string, string>, release: DesiredRelease, name: string): string {
  const config = `${releasePath(release)}/${RELEASE_FILES.config}`;
  const sums = release.configs.get(name);
  if (sums === undefined) throw new Error(`The plan has an unknown config ${name}`);
  texts.set(`${config}/${name}.txt`, `${sums.checksum}\n`);
  texts.set(`${config}/.${name}.shape`, `${sums.shape}\n`);
  return `${config}/${name}`;
}

async function pack(
  args: readonly string[],
  members: readonly string[],
  host: string,
  signal: AbortSignal,
): Promise<void> {
  const stdin = new TextEncoder().encode(members.map((member) => `${member}\0`).join(""));
  const { code, stderr } = await new LocalHost("this machine")
    .run({ script: PACK, args, stdin, timeoutMs: TIMEOUT_MS, signal });
  if (code !== 0) throw new UserError(`Cannot pack the data for "${host}": ${stderr.trim()}`);
}
