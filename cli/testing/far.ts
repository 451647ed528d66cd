/** Hosts of a project on disk, each behind an sshd, without the commands around them. */
import { dirname, join } from "node:path";
import { Connections } from "../transport/connections.ts";
import type { IdentityOptions } from "../transport/identities.ts";
import type { SshHost } from "../transport/ssh_host.ts";
import type { Sshd } from "./sshd.ts";

/** A project's directory with env files, and connections to its hosts. */
export class Far implements AsyncDisposable {
  readonly root = Deno.makeTempDirSync({ prefix: "sns-far-" });
  readonly warnings: string[] = [];
  readonly connections: Connections;

  constructor(options: Partial<IdentityOptions> = {}) {
    this.connections = new Connections({
      agent: undefined,
      ask: () => Promise.resolve(undefined),
      warn: (text) => this.warnings.push(text),
      ...options,
    });
  }

  /** A host with an env file; `values` are further lines of it, or others in place of the usual ones. */
  async host(
    name: string,
    sshd: Sshd,
    values: Readonly<Record<string, string>> = {},
    trusted = true,
  ): Promise<SshHost> {
    const dir = join(this.root, name);
    const env = {
      HOST: sshd.address,
      PORT: String(sshd.port),
      USER: sshd.user,
      KEYFILE: sshd.key,
      FLAGS: "-oConnectTimeout=20",
      ...values,
    };
    const lines = Object.entries(env).map(([key, value]) => `${key}=${value}\n`);
    await Deno.mkdir(dir, { recursive: true });
    await Deno.writeTextFile(join(dir, "host.env"), lines.join(""));
    if (trusted) {
      const [hop] = (await this.connections.route(dir)).slice(-1);
      const key = await Deno.readTextFile(`${sshd.hostKey}.pub`);
      const keys = await this.connections.hostKeys(dirname(dir));
      await keys.record(hop!, Uint8Array.fromBase64(key.split(" ")[1]!));
    }
    return this.connections.host(name, dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connections[Symbol.asyncDispose]();
    await Deno.remove(this.root, { recursive: true });
  }
}
