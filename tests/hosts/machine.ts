/** A host of its own: Debian with a real systemd, in namespaces, on a disk that outlives its power. */
import { join } from "node:path";
import type { Ran } from "../shell/pod_folder.ts";
import { eventually } from "../shell/pod_folder.ts";
import { must, tryFor } from "./command.ts";
import type { Network, Node } from "./network.ts";
import type { Run } from "./place.ts";

const BOOT = new URL("boot.sh", import.meta.url).pathname;
const BOOT_TIMEOUT_MS = 120_000;

export interface MachineOptions {
  /** Directories of the disk, as overlayfs takes them: the uppermost first, with colons between. */
  readonly disk: string;
  /** Directories of this machine that the host sees, read only: where it sees them, where they are. */
  readonly binds: Readonly<Record<string, string>>;
  /** Who may log in as root: a line of authorized_keys. */
  readonly key: string;
}

export class Machine {
  #boot: Deno.ChildProcess | undefined;

  constructor(
    readonly node: Node,
    private readonly run_: Run,
    private readonly network: Network,
    private readonly options: MachineOptions,
  ) {}

  get name(): string {
    return this.node.name;
  }

  get dir(): string {
    return join(this.run_.dir, this.name);
  }

  /** A path below the host's `/home`, as seen from here, whether the host is on or not. */
  home(...parts: string[]): string {
    return join(this.dir, "home", ...parts);
  }

  /** Prepares the disk and switches the host on for the first time. */
  async create(): Promise<void> {
    const { key, binds } = this.options;
    const upper = join(this.dir, "upper");
    for (const dir of ["work", "root", "home"]) {
      await Deno.mkdir(join(this.dir, dir), { recursive: true });
    }
    await Deno.mkdir(join(upper, "etc/ssh"), { recursive: true });
    await Deno.mkdir(join(upper, "root/.ssh"), { recursive: true, mode: 0o700 });
    const put = (path: string, text: string, mode = 0o644) =>
      Deno.writeTextFile(join(upper, path), text, { mode });
    await put("etc/hostname", `${this.name}\n`);
    await put("etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${this.name}\n`);
    await put("root/.ssh/authorized_keys", `${key}\n`, 0o600);
    await must(["ssh-keygen", "-A", "-f", upper]);
    for (const [inside, outside] of Object.entries(binds)) {
      const target = join(upper, inside);
      if ((await Deno.stat(outside)).isDirectory) await Deno.mkdir(target, { recursive: true });
      else {
        await Deno.mkdir(join(target, ".."), { recursive: true });
        await put(inside, "");
      }
    }
    await this.start();
  }

  /** Switches the host on, and waits until its sshd listens. */
  async start(): Promise<void> {
    if (this.#boot !== undefined) throw new Error(`${this.name} is on already`);
    await this.network.plug(this.node, "up");
    const { disk, binds } = this.options;
    const network = `/run/netns/${this.network.namespaceOf(this.node)}`;
    const options = Object.entries(binds).map(([inside, outside]) =>
      `--bind-ro=${outside}:${inside}`
    );
    // Deno can't give a file to a child.
    const log = 'exec unshare -m --propagation private sh "$@" >>"$0" 2>&1';
    this.#boot = new Deno.Command("setsid", {
      args: [
        ...["sh", "-c", log, join(this.dir, "console.log"), BOOT, this.dir, this.#group, disk],
        ...[network, this.name, ...options],
      ],
      stdin: "null",
    }).spawn();
    await this.awake();
  }

  /** Waits until the host is up: sshd answers and systemd has done what a boot is. */
  async awake(): Promise<void> {
    const up =
      "systemctl is-active -q ssh && systemctl is-system-running | grep -qE 'running|degraded'";
    await this.#until(`${this.name} is up`, () => this.is(up));
  }

  /** As if its plug was pulled: all processes are gone at once, nobody on the network hears of it. */
  async kill(): Promise<void> {
    const boot = this.#boot;
    if (boot === undefined) throw new Error(`${this.name} is off already`);
    await this.network.plug(this.node, "down");
    const kill = `umount -R /sys/fs/cgroup 2>/dev/null || :; mount -t cgroup2 none /sys/fs/cgroup
      echo 1 >"/sys/fs/cgroup/$1/cgroup.kill"
      until grep -q 'populated 0' "/sys/fs/cgroup/$1/cgroup.events"; do sleep 0.02; done`;
    await must(["unshare", "-m", "--propagation", "private", "sh", "-c", kill, "sh", this.#group]);
    this.#boot = undefined;
    await boot.status;
  }

  /** Waits for the end of a host whose processes someone else has ended. */
  async ended(): Promise<void> {
    await this.#boot?.status;
    this.#boot = undefined;
  }

  /** Reboots by the host's own means, and waits until it is up again. */
  async reboot(): Promise<void> {
    const before = await this.#init();
    // Its end may come before its answer.
    await this.try("systemctl reboot");
    // Looked at from outside: the last thing a systemd does is to stop every process, and nsenter, which
    // stops with its child, would never go on.
    await this.#until(`${this.name} has rebooted`, async () => {
      const init = await this.#init();
      return init !== undefined && init !== before;
    });
    await this.awake();
  }

  async #until(what: string, test: () => Promise<boolean>): Promise<void> {
    try {
      await eventually(what, test, BOOT_TIMEOUT_MS);
    } catch (error) {
      throw new Error(`${error}\n${await this.report()}`);
    }
  }

  /** Runs a shell script as root inside; any exit code will do, a host that is off gives 255. */
  async try(script: string, ...args: string[]): Promise<Ran> {
    const init = await this.#init();
    if (init === undefined) return { code: 255, out: "", err: `${this.name} is down` };
    // Else it would not be the host's in the eyes of its podman, nor end with it.
    const join = 'mkdir -p "$0"; echo $$ >"$0/cgroup.procs"; exec sh -euc "$@"';
    const enter = ["nsenter", "-t", init, "-a", "sh", "-euc", join, "/sys/fs/cgroup/lab.scope"];
    return await tryFor(120, [...enter, script, "sh", ...args]);
  }

  /** Runs a shell script as root inside; gives its output, or throws with what went wrong. */
  async run(script: string, ...args: string[]): Promise<string> {
    const { code, out, err } = await this.try(script, ...args);
    if (code !== 0) {
      throw new Error(`On ${this.name}, exit ${code}: ${script} ${args.join(" ")}: ${out}${err}`);
    }
    return out.trim();
  }

  /** Whether `script` succeeds inside; a machine that is down is a no. */
  async is(script: string, ...args: string[]): Promise<boolean> {
    return (await this.try(script, ...args)).code === 0;
  }

  /** The same as {@link run}, as one of the host's users, with the environment of a login. */
  as(user: string, script: string, ...args: string[]): Promise<string> {
    const login = `user=$1; shift; cd "/home/$user"; exec setpriv --reuid "$user" --regid "$user" \\
      --init-groups env -i HOME="$PWD" USER="$user" LOGNAME="$user" LANG=C.UTF-8 \\
      PATH=/usr/local/bin:/usr/bin:/bin XDG_RUNTIME_DIR="/run/user/$(id -u "$user")" sh -euc "$@"`;
    return this.run(login, user, script, "sh", ...args);
  }

  /** The words in front of a command line that make it run inside, as root. */
  async enter(): Promise<string[]> {
    const init = await this.#init();
    if (init === undefined) throw new Error(`${this.name} is down`);
    return ["nsenter", "-t", init, "-a"];
  }

  /** The host's journal and console, for a test that fails. */
  async report(): Promise<string> {
    const { out, err } = await this.try("journalctl -b -o short-iso --no-pager | tail -n 60");
    const console = await Deno.readTextFile(join(this.dir, "console.log"));
    return `== ${this.name}\n${out}${err}\n-- console\n${console.slice(-2000)}`;
  }

  get #group(): string {
    return `${this.run_.prefix}${this.name}`;
  }

  /** The pid of its systemd, as this machine counts: the child of systemd-nspawn. */
  async #init(): Promise<string | undefined> {
    if (this.#boot === undefined) return undefined;
    const nspawn = await childOf(String(this.#boot.pid));
    return nspawn && await childOf(nspawn);
  }
}

/** The first child of a process, if there is one. */
async function childOf(pid: string): Promise<string | undefined> {
  try {
    const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
    return text.trim().split(" ")[0] || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
