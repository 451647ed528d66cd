/** A real sshd on a loopback address, with keys, a config and a home directory of its own. */
import { join } from "node:path";
import { sharedPort } from "../../tests/loopback/mod.ts";
import { until } from "./until.ts";

export interface SshdOptions {
  readonly address?: string;
  readonly hostKeyType?: string;
  /** Further lines of sshd_config. */
  readonly config?: readonly string[];
}

const SSHD = "/usr/sbin/sshd";

/** Whether this machine can start one. */
export const hasSshd = (() => {
  try {
    return Deno.statSync(SSHD).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
})();

/** One server. Logging in needs the key `key`, and leads to this process's own user. */
export class Sshd implements AsyncDisposable {
  #process: Deno.ChildProcess | undefined;

  private constructor(
    readonly dir: string,
    readonly address: string,
    readonly port: number,
  ) {}

  static async start(options: SshdOptions = {}): Promise<Sshd> {
    const { address = "127.0.0.1", config = [], hostKeyType } = options;
    const dir = await Deno.makeTempDir({ prefix: "sns-sshd-" });
    const sshd = new Sshd(dir, address, sharedPort());
    await Deno.mkdir(sshd.home);
    await makeKey(sshd.hostKey, "", hostKeyType);
    await makeKey(sshd.key);
    await Deno.copyFile(`${sshd.key}.pub`, sshd.authorizedKeys);
    // The privilege separation of a server that runs as root wants it.
    if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true });
    await Deno.writeTextFile(
      join(dir, "sshd_config"),
      [
        // The first of a name counts.
        ...config,
        `ListenAddress ${address}`,
        `Port ${sshd.port}`,
        `HostKey ${sshd.hostKey}`,
        `AuthorizedKeysFile ${sshd.authorizedKeys}`,
        `SetEnv HOME=${sshd.home}`,
        "PidFile none",
        "StrictModes no",
        "UsePAM no",
        "PermitRootLogin yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        // Of this one the last counts.
        ...(config.some((line) => line.startsWith("MaxStartups ")) ? [] : ["MaxStartups 200"]),
        "",
      ].join("\n"),
    );
    await sshd.up();
    return sshd;
  }

  /** The home directory of whoever logs in. */
  get home(): string {
    return join(this.dir, "home");
  }

  get hostKey(): string {
    return join(this.dir, "host_key");
  }

  /** The private key that lets one in. */
  get key(): string {
    return join(this.dir, "id");
  }

  get authorizedKeys(): string {
    return join(this.dir, "authorized_keys");
  }

  /** The user that logs in. */
  get user(): string {
    return userName();
  }

  /** Makes a key `name` beside the others that lets one in, too. */
  async admit(name: string, passphrase: string, type?: string): Promise<void> {
    const path = join(this.dir, name);
    await makeKey(path, passphrase, type);
    await Deno.writeTextFile(this.authorizedKeys, await Deno.readTextFile(`${path}.pub`), {
      append: true,
    });
  }

  /** Starts the server, and waits until it listens. */
  async up(): Promise<void> {
    this.#process = new Deno.Command("sh", {
      // The server outlives its sessions, so it gets a group of its own; its log stays with its keys.
      args: ["-c", 'exec "$0" -D -e -f "$1/sshd_config" 2>>"$1/log"', SSHD, this.dir],
      stdin: "null",
      stdout: "null",
    }).spawn();
    await until(`an sshd at ${this.address}:${this.port}`, async () => {
      try {
        using connection = await Deno.connect({ hostname: this.address, port: this.port });
        return await connection.read(new Uint8Array(4)) === 4;
      } catch (error) {
        if (error instanceof Deno.errors.ConnectionRefused) return false;
        throw error;
      }
    });
  }

  /** Restarts the server with another key. */
  async changeHostKey(): Promise<void> {
    await this.down();
    for (const file of [this.hostKey, `${this.hostKey}.pub`]) await Deno.remove(file);
    await makeKey(this.hostKey);
    await this.up();
  }

  /** Ends the server and cuts all of its connections. */
  async down(): Promise<void> {
    const server = this.#process;
    if (server === undefined) return;
    this.#process = undefined;
    for (const pid of await descendants(server.pid)) killIfThere(pid);
    killIfThere(server.pid);
    await server.status;
  }

  /** Cuts the connections, programs go on; the server stays. */
  async cut(): Promise<void> {
    if (this.#process === undefined) throw new Error("The sshd is down");
    for (const pid of await children(this.#process.pid)) {
      for (const child of await children(pid)) {
        if ((await commandOf(child)).startsWith("sshd:")) killIfThere(child);
      }
      killIfThere(pid);
    }
  }

  /** Makes the processes of all connections stand still, as if the machine did not answer. */
  async freeze(): Promise<void> {
    if (this.#process === undefined) throw new Error("The sshd is down");
    for (const pid of await descendants(this.#process.pid)) Deno.kill(pid, "SIGSTOP");
  }

  /** Number of connections that are logged in. */
  async connections(): Promise<number> {
    return this.#process === undefined ? 0 : (await children(this.#process.pid)).length;
  }

  log(): Promise<string> {
    return Deno.readTextFile(join(this.dir, "log"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** Makes a key pair at `path`. */
export async function makeKey(path: string, passphrase = "", type = "ed25519"): Promise<void> {
  const { success, stderr } = await new Deno.Command("ssh-keygen", {
    args: ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", path],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

function userName(): string {
  const { stdout } = new Deno.Command("id", { args: ["-un"] }).outputSync();
  return new TextDecoder().decode(stdout).trim();
}

async function children(pid: number): Promise<number[]> {
  try {
    const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
    return text.trim().split(" ").filter((word) => word !== "").map(Number);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function descendants(pid: number): Promise<number[]> {
  const own = await children(pid);
  return [...own, ...(await Promise.all(own.map(descendants))).flat()];
}

async function commandOf(pid: number): Promise<string> {
  try {
    return await Deno.readTextFile(`/proc/${pid}/cmdline`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function killIfThere(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
