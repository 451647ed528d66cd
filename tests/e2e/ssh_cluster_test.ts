/** A cluster of SSH hosts from end to end with the real programs: one of the hosts is behind a jump host. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { hasSshd, Sshd } from "../../cli/testing/sshd.ts";
import { eventually, type Ran, run } from "../shell/pod_folder.ts";
import { exists } from "../../cli/testing/exists.ts";

const root = new URL("../../", import.meta.url).pathname;
const ROUTERS = { h1: "127.0.0.21", h2: "127.0.0.22" } as const;
type HostName = keyof typeof ROUTERS;
const HOSTS = Object.keys(ROUTERS) as HostName[];

class SshCluster implements AsyncDisposable {
  private readonly daemons: Deno.ChildProcess[] = [];

  private constructor(
    readonly dir: string,
    readonly door: Sshd,
    readonly sshds: Readonly<Record<HostName, Sshd>>,
    private readonly env: Record<string, string>,
  ) {}

  static async create(): Promise<SshCluster> {
    const dir = await Deno.makeTempDir({ prefix: "ssh-cluster-" });
    await Deno.writeTextFile(join(dir, "gitconfig"), "[user]\nname = e2e\nemail = e2e@localhost\n");
    const [door, h1, h2] = await Promise.all([Sshd.start(), Sshd.start(), Sshd.start()]);
    const cluster = new SshCluster(dir, door, { h1, h2 }, {
      ...Deno.env.toObject(),
      PATH: `${root}scripts/bin:${Deno.env.get("PATH")}`,
      GIT_CONFIG_GLOBAL: join(dir, "gitconfig"),
      SSH_AUTH_SOCK: "",
    });
    await cluster.must(dir, "sns", "cluster", "create", "demo");
    await cluster.must(cluster.project, "mkdir", "_pods");
    await cluster.must(
      root,
      "cp",
      "-r",
      "examples/web-program",
      join(cluster.project, "_pods/web"),
    );
    return cluster;
  }

  get project(): string {
    return join(this.dir, "demo");
  }

  try(cwd: string, command: string, ...args: string[]): Promise<Ran> {
    return run(command, args, { cwd, env: this.env, clearEnv: true });
  }

  async must(cwd: string, command: string, ...args: string[]): Promise<string> {
    const { code, out, err } = await this.try(cwd, command, ...args);
    assert.equal(code, 0, `${command} ${args.join(" ")} ended with ${code}:\n${out}${err}`);
    return out;
  }

  sns(...args: string[]): Promise<string> {
    return this.must(this.project, "sns", ...args);
  }

  async commit(message: string): Promise<void> {
    await this.must(this.project, "git", "add", ".");
    await this.must(this.project, "git", "commit", "-q", "-m", message);
  }

  /** Registers a host, accepting its key by the fingerprint that its own machine tells. */
  async register(name: string, sshd: Sshd, ...more: string[]): Promise<void> {
    const keys = await this.must("/", "ssh-keygen", "-l", "-f", `${sshd.hostKey}.pub`);
    const address = `--address=${sshd.address}:${sshd.port}`;
    const login = [`--user-name=${sshd.user}`, `--keyfile=${sshd.key}`];
    const fingerprint = `--fingerprint=${keys.split(" ")[1]}`;
    await this.sns("host", "register", name, address, ...login, fingerprint, ...more);
  }

  home(host: HostName): string {
    return join(this.sshds[host].home, host);
  }

  startDaemon(host: HostName): void {
    this.daemons.push(
      new Deno.Command("simplenetesd", {
        args: [this.home(host)],
        env: this.env,
        clearEnv: true,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.daemons) daemon.kill("SIGTERM");
    for (const daemon of this.daemons) await daemon.status;
    for (const host of HOSTS) {
      const rm =
        'for pod in "$1"/pods/*/release/*/pod; do [ ! -x "$pod" ] || "$pod" rm --kill; done';
      await this.try("/", "sh", "-c", rm, "sh", this.home(host));
    }
    for (const sshd of [this.door, ...Object.values(this.sshds)]) await sshd[Symbol.asyncDispose]();
    await Deno.remove(this.dir, { recursive: true });
  }
}

interface PodRow {
  readonly host: string;
  readonly ready: boolean;
  readonly drift: readonly string[];
}

Deno.test({
  name: "a cluster of SSH hosts, one behind a jump host",
  ignore: !hasSshd,
  fn: async (t) => {
    await using cluster = await SshCluster.create();
    const pods = async (): Promise<readonly PodRow[]> =>
      JSON.parse(await cluster.sns("cluster", "ps", "--json")).pods;

    await t.step("register, init, attach, compile, sync; then there is nothing to do", async () => {
      await cluster.register("door", cluster.door);
      await cluster.sns("host", "state", "door", "-s", "disabled");
      await cluster.register("h1", cluster.sshds.h1, `--router-address=${ROUTERS.h1}:32767`);
      await cluster.register(
        "h2",
        cluster.sshds.h2,
        `--router-address=${ROUTERS.h2}:32767`,
        "--jump-host=door",
      );
      for (const host of HOSTS) {
        await cluster.sns("host", "init", host);
        await cluster.sns("host", "attach", `web@${host}`);
      }
      await cluster.commit("Attach");
      await cluster.sns("pod", "compile", "web");
      await cluster.commit("Compile");
      assert.equal((await cluster.try(cluster.project, "sns", "cluster", "plan")).code, 2);
      await cluster.sns("cluster", "sync");
      assert.equal((await cluster.try(cluster.project, "sns", "cluster", "plan")).code, 0);
      await cluster.sns("cluster", "diff");
    });

    await t.step("the daemons start the pods, and ps sees them", async () => {
      for (const host of HOSTS) cluster.startDaemon(host);
      await eventually("all pods are ready", async () => {
        const rows = await pods();
        return rows.length === 2 && rows.every(({ ready }) => ready);
      }, 60_000);
      assert.deepEqual((await pods()).map(({ host, drift }) => [host, ...drift]), [["h1"], ["h2"]]);
      assert.match(await cluster.sns("pod", "logs", "web"), /^h2 /m);
      assert.equal((await cluster.sns("pod", "ps", "web", "-r")).trim(), "2/2");
    });

    await t.step("shells on a host and in a pod get arguments as they are", async () => {
      const odd = ["a b", "$HOME", "it's", "line\nbreak"];
      for (const where of [["host", "shell", "h2"], ["pod", "shell", "web@h2"]]) {
        const out = await cluster.sns(...where, "--", "printf", "%s\\0", ...odd);
        assert.deepEqual(out.split("\0").slice(0, -1), odd);
      }
      const { code } = await cluster.try(
        cluster.project,
        ...["sns", "pod", "shell", "web@h2", "--", "sh", "-c", "exit 7"] as [string, ...string[]],
      );
      assert.equal(code, 7);
    });

    await t.step(
      "a connection cut in the middle of a sync leaves old or new, the next completes",
      async () => {
        await cluster.sns("pod", "state", "web", "-s", "stopped");
        await cluster.commit("Stop");
        let ended = false;
        const syncing = cluster.try(cluster.project, "sns", "cluster", "sync")
          .finally(() => ended = true);
        // Once h2 is logged in to, the sync is under way.
        await eventually(
          "a connection",
          async () => ended || await cluster.sshds.h2.connections() > 0,
        );
        await cluster.sshds.h2.cut();
        const { code, err } = await syncing;
        // Cut before, while or after its work: it says so, or was done already.
        assert.ok(code === 0 || /h2: .*(connection|lost)/.test(err), err);
        const state = await Deno.readTextFile(
          join(cluster.home("h2"), "pods/web/release/1.0.0/pod.state"),
        );
        assert.match(state, /^(running|stopped)\n$/);
        await eventually(
          "the sync goes through",
          async () => (await cluster.try(cluster.project, "sns", "cluster", "sync")).code === 0,
          60_000,
        );
        assert.equal((await cluster.try(cluster.project, "sns", "cluster", "plan")).code, 0);
      },
    );

    await t.step("removed releases are pruned once they have ended", async () => {
      await cluster.sns("pod", "state", "web", "-s", "removed");
      await cluster.commit("Remove");
      await cluster.sns("cluster", "sync");
      await eventually("nothing is left", async () => {
        await cluster.sns("host", "prune", "--yes");
        return !await exists(join(cluster.home("h2"), "pods/web"));
      }, 60_000);
    });
  },
});
