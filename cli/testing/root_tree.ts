/** A view of this machine in which root can change /etc, /home and /run, and nobody else sees it. */
import { until } from "./until.ts";

const VIEW = `set -e
mount --make-rprivate /
mkdir -p "$1"
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" /etc
for dir in /home /run /var/mail; do [ ! -d "$dir" ] || mount -t tmpfs tmpfs "$dir"; done
echo ready >/run/view
exec sleep 600`;

/** Whether this process may make one. */
export const canHaveRootTree = Deno.uid() === 0 &&
  new Deno.Command("unshare", { args: ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"] })
    .outputSync().success;

export class RootTree implements AsyncDisposable {
  private constructor(
    readonly shell: readonly string[],
    private readonly holder: Deno.ChildProcess,
    private readonly dir: string,
  ) {}

  /** @param shell what runs the programs in it */
  static async create(shell: readonly string[]): Promise<RootTree> {
    const dir = await Deno.makeTempDir({ prefix: "sns-root-" });
    const holder = new Deno.Command("unshare", {
      args: ["-m", "--propagation", "private", "sh", "-c", VIEW, "sh", dir],
      stdin: "null",
      stdout: "null",
    }).spawn();
    const tree = new RootTree(shell, holder, dir);
    await until("the view", async () => (await tree.run("cat /run/view")).stdout === "ready\n");
    return tree;
  }

  /** Runs a program as root there. */
  async run(program: string, args: readonly string[] = [], stdin = "") {
    const [command, ...rest] = this.shell;
    const inside = ["-t", String(this.holder.pid), "-m", command!, ...rest, "-c", program, "sns"];
    const child = new Deno.Command("nsenter", {
      args: [...inside, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    // A program that ends without reading closes the pipe, which is its right.
    const fed = writer.write(new TextEncoder().encode(stdin)).then(() => writer.close())
      .catch(() => {});
    const { code, stdout, stderr } = await child.output();
    await fed;
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.holder.kill("SIGKILL");
    await this.holder.status;
    await Deno.remove(this.dir, { recursive: true });
  }
}
