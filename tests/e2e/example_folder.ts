/** A copy of one example in a folder of its own, compiled as a user would. */
import assert from "node:assert/strict";
import { join } from "node:path";
import $ from "dax";
import { type ContainerStatus, parsePodStatus, type PodStatus } from "../../podc/mod.ts";
import { eventually, type Ran, run } from "../shell/pod_folder.ts";
import { IMAGE } from "./podman.ts";

/** Where the examples are. */
export const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;

/** A running copy of an example. When disposed, pod, volumes and folder go. */
export class ExampleFolder implements AsyncDisposable {
  private constructor(private readonly parent: string, readonly dir: string) {}

  /**
   * Copies an example and compiles it.
   *
   * @param port the host port, where the example has one
   * @param values what its pod.env shall say instead; the image is always the tests' own
   */
  static async copy(
    name: string,
    port: number,
    values: Record<string, string> = {},
  ): Promise<ExampleFolder> {
    const parent = await Deno.makeTempDir({ prefix: "example-" });
    await $`cp -r ${join(EXAMPLES, name)} ${parent}/`;
    const folder = new ExampleFolder(parent, join(parent, name));
    const env = await Deno.readTextFile(join(folder.dir, "pod.env"));
    const usual = { image: IMAGE, port: String(port) };
    await folder.set({
      ...Object.fromEntries(Object.entries(usual).filter(([key]) => hasLine(env, key))),
      ...values,
    });
    return folder;
  }

  /** Changes values of pod.env, which must have them, and compiles. */
  async set(values: Record<string, string>): Promise<void> {
    for (const [key, value] of Object.entries(values)) {
      await this.edit("pod.env", new RegExp(`^${key}=.*$`, "m"), `${key}=${value}`);
    }
    await this.compile();
  }

  /** Replaces something that has to be there in a file, in place. */
  async edit(path: string, before: string | RegExp, after: string): Promise<void> {
    const text = await this.read(path);
    const changed = text.replace(before, () => after);
    assert.notEqual(changed, text, `${path} has no ${before}`);
    await Deno.writeTextFile(join(this.dir, path), changed);
  }

  async compile(): Promise<void> {
    const { code, err } = await run("podc", [], { cwd: this.dir });
    assert.equal(code, 0, err);
  }

  read(path: string): Promise<string> {
    return Deno.readTextFile(join(this.dir, path));
  }

  pod(...args: string[]): Promise<Ran> {
    return run("./pod", args, { cwd: this.dir });
  }

  /** An action that has to succeed; its output. */
  async must(...args: string[]): Promise<string> {
    const { code, out, err } = await this.pod(...args);
    assert.equal(code, 0, `./pod ${args.join(" ")}: ${err}${(await this.log()).join("\n")}`);
    return out;
  }

  /** Runs the pod, and is back when it is ready. */
  async start(): Promise<void> {
    await this.must("run", "--host-interface=127.0.0.1", "--wait=60");
  }

  /** The log, each line with the name of who wrote it. */
  async log(...containers: string[]): Promise<string[]> {
    const { out } = await this.pod("logs", "--details=name", ...containers);
    return out.split("\n").slice(0, -1);
  }

  /** Waits until a line of the log says so. */
  async logged(line: string): Promise<void> {
    await eventually(`"${line}" in the log`, async () => (await this.log()).includes(line));
  }

  async status(): Promise<PodStatus> {
    return parsePodStatus(await this.read(".pod.status"));
  }

  async container(name: string): Promise<ContainerStatus> {
    const found = (await this.status()).containers.find((each) => each.name === name);
    assert.ok(found, `no container ${name}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pod("rm", "--kill");
    await this.pod("purge", "--shared");
    await Deno.remove(this.parent, { recursive: true });
  }
}

function hasLine(env: string, key: string): boolean {
  return new RegExp(`^${key}=`, "m").test(env);
}

/** What a port of 127.0.0.1 answers; `undefined` when it refuses or ends the connection. */
export async function page(port: number, path = ""): Promise<string | undefined> {
  try {
    return await (await fetch(`http://127.0.0.1:${port}/${path}`)).text();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

/** Waits until the page has this text in it. Fails with what it had last. */
export async function serves(port: number, text: string, path = ""): Promise<void> {
  let last: string | undefined;
  const asked = async () => (last = await page(port, path))?.includes(text) ?? false;
  try {
    await eventually(`"${text}" at port ${port}`, asked);
  } catch (cause) {
    throw new Error(`Port ${port} answers ${JSON.stringify(last)}, not ${text}`, { cause });
  }
}
