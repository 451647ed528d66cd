/**
 * The original system's side of a project and of a host home, as far as its sync reads and writes them:
 * rebuilt from the description of its files, to see that either program goes on where the other stopped.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";

const names = (dir: string): string[] => {
  try {
    return [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) =>
      !name.startsWith(".")
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
};
const read = (path: string): string | undefined => {
  try {
    return Deno.readTextFileSync(path).trimEnd();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
};

export function writeTree(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    Deno.mkdirSync(dirname(join(root, path)), { recursive: true });
    Deno.writeTextFileSync(join(root, path), text);
    if (path.endsWith("/pod")) Deno.chmodSync(join(root, path), 0o755);
  }
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The checksum of a config of one level: a line of sha256sum per file, sorted. */
export function originalChecksum(files: Readonly<Record<string, string>>): string {
  return sha256(
    Object.keys(files).sort().map((name) => `${sha256(files[name]!)}  ./${name}\n`).join(""),
  );
}

/** The release of a pod in a host's directory of the project, or in a host home (`delivered`). */
export function originalRelease(
  { version, state, port, config }: {
    readonly version: string;
    readonly state: string;
    readonly port: number;
    readonly config: Readonly<Record<string, string>>;
  },
  delivered: boolean,
): Record<string, string> {
  const release = `pods/web/release/${version}`;
  const files: Record<string, string> = {
    [`${release}/pod`]: `#!/bin/sh\necho web ${version}\n`,
    [`${release}/pod.state`]: `${state}\n`,
    [`${release}/pod.portmappings.conf`]: `${port + 31000}:${port}:4096:false\n`,
    [`${release}/pod.ingress.conf`]: `bind 80\nprotocol http\nclusterport ${port + 31000}\n`,
    [`${release}/config/conf.txt`]: `${originalChecksum(config)}\n`,
    ...(delivered ? {} : { [`${release}/.pod.yaml`]: "api: 1.0.0-beta1\n" }),
  };
  for (const [name, text] of Object.entries(config)) files[`${release}/config/conf/${name}`] = text;
  return files;
}

/** The line in which a host reports what it holds, sorted: states, then checksums of configs. */
export function originalInventory(home: string): string[] {
  const items: string[] = [
    `:hosts:${(read(join(home, "hosts.conf")) ?? "").split("\n").join(";")}`,
  ];
  for (const pod of names(join(home, "pods"))) {
    for (const version of names(join(home, "pods", pod, "release"))) {
      const dir = join(home, "pods", pod, "release", version);
      const state = read(join(dir, "pod.state"));
      if (state === undefined) continue;
      items.push(`${pod}:${version}:${state}`);
      for (const config of names(join(dir, "config")).filter((name) => !name.endsWith(".txt"))) {
        const checksum = read(join(dir, "config", `${config}.txt`));
        if (checksum !== undefined) items.push(`${pod}:${version}:${config}:${checksum}`);
      }
    }
  }
  return items.sort();
}

/** Takes the lock as the original does; whether it got it. A lock of 10 s without a heartbeat is stale. */
export function originalLock(home: string, token: string): boolean {
  const file = join(home, "lock-token.txt");
  const holder = read(file);
  if (holder !== undefined && holder !== token) {
    const age = Date.now() - Deno.statSync(file).mtime!.getTime();
    if (age < 10_000) return false;
  }
  Deno.writeTextFileSync(file, `${token}\n`);
  return true;
}

/** Brings a changed config into place: the live directory stays, its visible files are exchanged. */
export function originalUnpack(
  home: string,
  version: string,
  config: Readonly<Record<string, string>>,
): void {
  const dir = join(home, "pods/web/release", version, "config");
  for (const name of names(join(dir, "conf"))) Deno.removeSync(join(dir, "conf", name));
  Deno.removeSync(join(dir, "conf.txt"));
  writeTree(join(dir, "conf"), config);
  Deno.writeTextFileSync(join(dir, "conf.txt"), `${originalChecksum(config)}\n`);
}
