/** A folder with a compiled pod in it, for tests that run pods for real. */
import { join } from "node:path";
import { type CompileInput, compilePod, formatDiagnostic } from "../../podc/mod.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end; never throws for its exit code. */
export async function run(
  command: string,
  args: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env" | "clearEnv"> = {},
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    ...options,
    args: [...args],
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** Asks again until `test` holds. Fails with `what` when it has not come true after `timeoutMs`. */
export async function eventually(
  what: string,
  test: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await test())) {
    if (performance.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A compiled pod in a folder of its own. Removes pod and folder when disposed. */
export class PodFolder implements AsyncDisposable {
  private constructor(readonly dir: string, private readonly env: Record<string, string>) {}

  /**
   * Compiles `source` into a fresh folder.
   *
   * @param interpreter the pod's shell, as it stands behind `#!`; `/bin/sh` by default
   * @param preprocess `false` leaves `${NAME}` and directives in `source` alone
   * @param env replaces the environment of all calls; PATH has to be among it
   */
  static async compile(
    source: string,
    options: {
      interpreter?: string;
      env?: Record<string, string>;
      configs?: Record<string, string>;
      podName?: string;
      preprocess?: boolean;
    } = {},
  ): Promise<PodFolder> {
    const dir = await Deno.makeTempDir({ prefix: "pod-" });
    const configs = new Set<string>();
    for (const [path, text] of Object.entries(options.configs ?? {})) {
      configs.add(path.split("/")[0]!);
      await Deno.mkdir(join(dir, "config", path, ".."), { recursive: true });
      await Deno.writeTextFile(join(dir, "config", path), text);
    }
    const input: CompileInput = {
      source,
      file: "pod.yaml",
      podName: options.podName ?? "web",
      variables: new Map(),
      preprocess: options.preprocess ?? true,
      baseDir: dir,
      configs,
    };
    const { artifacts, diagnostics } = compilePod(input);
    if (!artifacts || !("text" in artifacts.pod)) {
      throw new Error(diagnostics.map((each) => formatDiagnostic(each, source)).join("\n"));
    }
    const text = artifacts.pod.text.replace(/^#!.*/, `#!${options.interpreter ?? "/bin/sh"}`);
    await Deno.writeTextFile(join(dir, "pod"), text, { mode: 0o755 });
    return new PodFolder(dir, options.env ?? Deno.env.toObject());
  }

  pod(...args: string[]): Promise<Ran> {
    return run(join(this.dir, "pod"), args, { env: this.env, clearEnv: true });
  }

  /** A file of the folder, or `undefined` where there is none. */
  async read(path: string): Promise<string | undefined> {
    try {
      return await Deno.readTextFile(join(this.dir, path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** The pid of the pod's supervisor. */
  async supervisor(): Promise<number> {
    return Number(await this.read(".pod.run/supervisor.pid"));
  }

  /** The log without time stamps, each line with the name of who wrote it. */
  async log(...args: string[]): Promise<string[]> {
    const { out } = await this.pod("logs", "--details=name", ...args);
    return out.split("\n").slice(0, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pod("rm", "--kill");
    await this.pod("purge");
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** Whether a process of that id runs; a zombie does not. */
export async function lives(pid: number): Promise<boolean> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    return !/\) Z /.test(stat);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
