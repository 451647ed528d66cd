/** Compiled pods in folders of their own, for the benchmarks. */
import { compilePod, formatDiagnostic } from "../../podc/mod.ts";

/** A compiled pod; removed with its folder when disposed. */
export class Pod implements AsyncDisposable {
  private constructor(readonly dir: string) {}

  /** Compiles `source` into a fresh folder. */
  static async compile(source: string, podName: string): Promise<Pod> {
    const dir = await Deno.makeTempDir({ prefix: "bench-" });
    const script = compile(source, podName, dir);
    await Deno.writeTextFile(`${dir}/pod`, script, { mode: 0o755 });
    return new Pod(dir);
  }

  /** Runs an action; throws with what it says when it fails. */
  call(...args: string[]): Promise<string> {
    return must(`${this.dir}/pod`, ...args);
  }

  /** A file of the folder, or `undefined` where there is none. */
  async read(path: string): Promise<string | undefined> {
    try {
      return await Deno.readTextFile(`${this.dir}/${path}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.call("rm", "--kill");
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** The pod script of a pod.yaml. */
export function compile(source: string, podName: string, baseDir: string): string {
  const { artifacts, diagnostics } = compilePod({
    source,
    file: "pod.yaml",
    podName,
    variables: new Map(),
    baseDir,
    configs: new Set(),
  });
  if (!artifacts || !("text" in artifacts.pod)) {
    throw new Error(diagnostics.map((each) => formatDiagnostic(each, source)).join("\n"));
  }
  return artifacts.pod.text;
}

/** Runs a command to its end and gives what it printed; throws when it fails. */
export async function must(command: string, ...args: string[]): Promise<string> {
  const child = new Deno.Command(command, { args, stdin: "null" });
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${code}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

/** A pod.yaml of containers that all run the same words, named c0, c1, … */
export function containersYaml(image: string, count: number, command: readonly string[]): string {
  const containers = Array.from(
    { length: count },
    (_, index) =>
      `  - name: c${index}\n    image: ${image}\n    command: ${JSON.stringify(command)}\n`,
  );
  return `api: 1.0.0\npodVersion: 1.0.0\ncontainers:\n${containers.join("")}`;
}

/** A pod.yaml of one program. */
export function programYaml(command: readonly string[]): string {
  return "api: 1.0.0\npodVersion: 1.0.0\nruntime: executable\nexecutable:\n" +
    `  command: ${JSON.stringify(command)}\n`;
}
