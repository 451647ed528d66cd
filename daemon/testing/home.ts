/** A real host home with fake pods, for tests. */
import { releaseDir, releasePaths } from "../host/layout.ts";

const FAKE_POD = new URL("./fake_pod.sh", import.meta.url);

/** Waits until `condition` holds; generous, as the machine may be busy. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 20_000,
): Promise<void> {
  const end = performance.now() + ms;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`Never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The text of a file; empty when there is none. */
export async function text(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** One fake pod. */
export class FakePod {
  readonly dir: string;
  readonly paths: ReturnType<typeof releasePaths>;

  constructor(home: string, readonly name: string, version = "1.0.0") {
    this.dir = releaseDir(home, name, version);
    this.paths = releasePaths(this.dir);
  }

  /** Makes the release, pod.state last as a sync does. */
  async make(state: string): Promise<void> {
    await Deno.mkdir(this.dir, { recursive: true });
    await Deno.copyFile(FAKE_POD, this.paths.pod);
    await Deno.chmod(this.paths.pod, 0o755);
    await this.setState(state);
  }

  /** Makes it one that starts before other versions of it end. */
  async startFirst(): Promise<void> {
    const script = await Deno.readTextFile(this.paths.pod);
    await Deno.writeTextFile(
      this.paths.pod,
      script.replace("\n", "\n# updateOrder: start-first\n"),
    );
  }

  /** Replaces pod.state by rename. */
  async setState(state: string): Promise<void> {
    await Deno.writeTextFile(`${this.dir}/.state.tmp`, `${state}\n`);
    await Deno.rename(`${this.dir}/.state.tmp`, this.paths.state);
  }

  /** Makes one of the files that steer the pod. */
  async set(flag: "fail" | "unready" | "slow"): Promise<void> {
    await Deno.writeTextFile(`${this.dir}/${flag}`, "");
  }

  async unset(flag: "fail" | "unready" | "slow"): Promise<void> {
    await Deno.remove(`${this.dir}/${flag}`);
  }

  /** The calls it got, in order. */
  async calls(): Promise<string[]> {
    return (await text(`${this.dir}/calls`)).split("\n").slice(0, -1);
  }

  async pid(): Promise<number> {
    return Number(await text(`${this.dir}/pid`));
  }

  /** Ends its supervisor the hard way. */
  async kill(): Promise<void> {
    const pid = await this.pid();
    if (pid > 0) killGroup(pid);
  }
}

/** A host home in a temporary directory; disposing of it ends its pods. */
export class TestHome implements AsyncDisposable {
  readonly pods: FakePod[] = [];
  private constructor(readonly path: string) {}

  static async make(): Promise<TestHome> {
    const path = await Deno.makeTempDir({ prefix: "simplenetesd-test-" });
    await Deno.mkdir(`${path}/pods`);
    await Deno.writeTextFile(`${path}/cluster-id.txt`, "test-1\n");
    return new TestHome(path);
  }

  async pod(name: string, state: string, version?: string): Promise<FakePod> {
    const pod = new FakePod(this.path, name, version);
    this.pods.push(pod);
    await pod.make(state);
    return pod;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pod of this.pods) await pod.kill();
    await Deno.remove(this.path, { recursive: true });
  }
}

function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
