/** A host home on disk, a shell that runs sns's programs there, and archives for them. */
import { ok, strictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { REMOTE_PROGRAMS } from "../remote/programs.ts";
import { parseObservation } from "../sync/observe.ts";

type Program = keyof typeof REMOTE_PROGRAMS;

const NOBODY = 65534;
export const SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"]] as const;

/** A host home in a temporary directory, and one shell to run programs there. */
export class Home implements AsyncDisposable {
  readonly dir = Deno.makeTempDirSync({ prefix: "sns-home-" });

  constructor(readonly shell: readonly string[]) {
    Deno.mkdirSync(join(this.dir, "pods"));
    this.write("cluster-id.txt", "demo-1\n");
  }

  async run(program: Program, args: readonly string[], stdin?: Uint8Array) {
    const [command, ...rest] = this.shell;
    // As root no permission would matter.
    const user = Deno.uid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    if (Deno.uid() === 0) {
      const { success, stderr } = await new Deno.Command("chown", {
        // Only what is root's: the others' times are to stay.
        args: ["-R", "--from=0", `${NOBODY}`, this.dir],
      }).output();
      ok(success, new TextDecoder().decode(stderr));
    }
    const child = new Deno.Command(command!, {
      args: [...rest, "-c", REMOTE_PROGRAMS[program], "sns", this.dir, ...args],
      ...user,
      cwd: "/", // the project's folder may be closed to that user
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    // A program that ends without reading closes the pipe, which is its right.
    const fed = writer.write(stdin ?? new Uint8Array()).then(() => writer.close()).catch(() => {});
    const { code, stdout, stderr } = await child.output();
    await fed;
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), bytes: stdout, stderr: text(stderr) };
  }

  async lock(token = "5", seconds = "60"): Promise<string> {
    const { code, stdout, stderr } = await this.run("lock", [token, "me", "here", seconds]);
    strictEqual(code, 0, stderr);
    return /^fence=(\d+)$/m.exec(stdout)![1]!;
  }

  async observe() {
    const { code, bytes, stderr } = await this.run("observe", []);
    strictEqual(code, 0, stderr);
    return parseObservation(bytes);
  }

  write(path: string, text: string): void {
    Deno.mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    Deno.writeTextFileSync(join(this.dir, path), text);
  }

  read(path: string): string | undefined {
    try {
      return Deno.readTextFileSync(join(this.dir, path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Deno.Command("chmod", { args: ["-R", "u+rwX", this.dir] }).output();
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** The tar of busybox can't unpack into a directory that it made unwritable. */
export const lockedMode = ([shell]: readonly string[]) => shell === "busybox" ? "755" : "555";

export interface Packed {
  readonly tar: Uint8Array;
  readonly sum: string;
}

/**
 * A tar of `files` (path to text) and a manifest; directories named `locked` may not be written.
 *
 * @param executable paths of files with the mode 755
 */
export async function pack(
  files: Record<string, string>,
  manifest: readonly string[],
  shell: readonly string[],
  executable: readonly string[] = [],
): Promise<Packed> {
  const dir = await Deno.makeTempDir();
  const states = manifest.flatMap((line) => {
    const [kind, pod, version, state] = line.split(" ");
    return kind === "state" ? [[`states/${pod}/${version}`, `${state}\n`] as const] : [];
  });
  const all = {
    ...Object.fromEntries(states),
    ...files,
    manifest: manifest.map((line) => `${line}\n`).join(""),
  };
  for (const [path, text] of Object.entries(all)) {
    await Deno.mkdir(dirname(join(dir, path)), { recursive: true });
    await Deno.writeTextFile(join(dir, path), text);
  }
  for (const path of executable) await Deno.chmod(join(dir, path), 0o755);
  const lock = [
    "-c",
    `find "$1" -type d -name locked -exec chmod "$2" {} +`,
    "sh",
    dir,
    lockedMode(shell),
  ];
  await new Deno.Command("sh", { args: lock }).output();
  const { stdout: tar } = await new Deno.Command("tar", { args: ["-cf", "-", "-C", dir, "."] })
    .output();
  await new Deno.Command("chmod", { args: ["-R", "u+w", dir] }).output();
  await Deno.remove(dir, { recursive: true });
  return { tar, sum: createHash("sha256").update(tar).digest("hex") };
}
