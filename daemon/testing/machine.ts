/**
 * A machine for tests of the system mode: its own view of mounts, with accounts, /run and mounts of its
 * own, made by root and gone with its last process. Nothing of the real machine changes.
 */
import { FakePod } from "./home.ts";

const ROOT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Why there can be no such machine here; `undefined` when there can. */
export async function whyNoMachine(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "only root can make a machine of its own";
  try {
    const probe = await new Deno.Command("unshare", {
      args: ["-m", "--propagation", "private", "setpriv", "--version"],
    }).output();
    return probe.success ? undefined : decode(probe.stderr).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no unshare";
    throw error;
  }
}

/** An account of the machine. */
export interface MachineUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Its home directory. */
  readonly home: string;
}

/** Holds the machine open: sets it up, says so, waits for its input to end. */
const SETUP = `set -eu
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/group" /etc/group
mount -t tmpfs tmpfs /run
mkdir -m 755 "$1/project" "$1/deno_dir"
mount --bind "$2" "$1/project"
mount --bind "$4" "$1/deno_dir"
: >"$1/deno"
mount --bind "$3" "$1/deno"
echo ready
cat >/dev/null`;

export class Machine implements AsyncDisposable {
  readonly users: readonly [MachineUser, MachineUser];
  readonly #pods: FakePod[] = [];

  private constructor(readonly dir: string, readonly holder: Deno.ChildProcess) {
    this.users = usersIn(dir);
  }

  /** @throws when it cannot be made, see {@link whyNoMachine} */
  static async make(): Promise<Machine> {
    const dir = await Deno.makeTempDir({ prefix: "simplenetesd-machine-" });
    await Deno.chmod(dir, 0o755);
    const users = usersIn(dir);
    const passwd = users.map(({ name, uid, gid, home }) =>
      `${name}:x:${uid}:${gid}::${home}:/bin/sh\n`
    );
    await Deno.writeTextFile(`${dir}/passwd`, `root:x:0:0::/root:/bin/sh\n${passwd.join("")}`);
    const groups = users.map(({ name, gid }) => `${name}:x:${gid}:\n`);
    await Deno.writeTextFile(
      `${dir}/group`,
      `root:x:0:\n${groups.join("")}helpers:x:29999:${users[0].name}\n`,
    );
    for (const { home, uid, gid } of users) {
      await Deno.mkdir(home, { mode: 0o750 });
      await Deno.chown(home, uid, gid);
    }
    const holder = new Deno.Command("unshare", {
      args: [
        "-m",
        "--propagation",
        "private",
        "sh",
        "-c",
        SETUP,
        "sh",
        dir,
        ROOT,
        Deno.execPath(),
        denoDir(),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = holder.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    const machine = new Machine(dir, holder);
    if (!value || !decode(value).startsWith("ready")) {
      await machine[Symbol.asyncDispose]();
      throw new Error("The machine for the test cannot be set up");
    }
    return machine;
  }

  /** The path of a file as this process sees it, mounts of the machine included. */
  path(path: string): string {
    return `/proc/${this.holder.pid}/root${path}`;
  }

  /** A command inside the machine, as root. */
  command(argv: readonly string[], options: Deno.CommandOptions = {}): Deno.Command {
    return new Deno.Command("nsenter", {
      ...options,
      args: ["-t", String(this.holder.pid), "-m", "--", ...argv],
    });
  }

  /** The daemon's program inside the machine. */
  daemon(args: readonly string[], options: Deno.CommandOptions = {}): Deno.Command {
    const { dir } = this;
    const main = `${dir}/project/daemon/main.ts`;
    const config = `${dir}/project/deno.json`;
    const argv = ["run", "-q", "-A", "--no-lock", "--config", config, main, ...args];
    return this.command([`${dir}/deno`, ...argv], {
      clearEnv: true,
      ...options,
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        DENO_DIR: `${dir}/deno_dir`,
        DENO_NO_UPDATE_CHECK: "1",
        ...options.env,
      },
    });
  }

  /** Runs a shell script as a user of the machine, in its home; gives its output. */
  async as(user: MachineUser, script: string, ...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await this.command([
      "setpriv",
      `--reuid=${user.uid}`,
      `--regid=${user.gid}`,
      "--init-groups",
      "sh",
      "-euc",
      `cd "$HOME"\n${script}`,
      "sh",
      ...args,
    ], { env: { HOME: user.home } }).output();
    if (!success) throw new Error(`${script}: ${decode(stderr)}`);
    return decode(stdout);
  }

  /** A host home of `user` at `path`, its own in the whole. */
  async hostHome(user: MachineUser, path = `${user.home}/cluster-host`): Promise<string> {
    await this.as(user, 'mkdir -p "$1/pods" && echo test-1 >"$1/cluster-id.txt"', path);
    return path;
  }

  /** A fake pod in a host home of `user`. */
  async pod(user: MachineUser, home: string, name: string, state: string): Promise<FakePod> {
    const pod = new FakePod(home, name);
    this.#pods.push(pod);
    await pod.make(state);
    await chownTree(`${home}/pods/${name}`, user);
    return pod;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pod of this.#pods) await pod.kill();
    await this.holder.stdin.close();
    await this.holder.status;
    await Deno.remove(this.dir, { recursive: true });
  }
}

function usersIn(dir: string): readonly [MachineUser, MachineUser] {
  return [
    { name: "ann", uid: 29_901, gid: 29_951, home: `${dir}/ann` },
    { name: "bob", uid: 29_902, gid: 29_952, home: `${dir}/bob` },
  ];
}

async function chownTree(path: string, { uid, gid }: MachineUser): Promise<void> {
  const owner = `${uid}:${gid}`;
  const { success } = await new Deno.Command("chown", { args: ["-hR", owner, path] }).output();
  if (!success) throw new Error(`Cannot chown ${path}`);
}

/** Where this Deno keeps the modules that the program imports. */
function denoDir(): string {
  return Deno.realPathSync(Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`);
}
