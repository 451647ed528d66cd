/** The ways to hosts: the local disk, or SSH. */
import { type Host, type HostProgram, type HostResult, LocalHost } from "../daemon/mod.ts";
import type { HostDir } from "./project/host.ts";
import type { Connections } from "./transport/connections.ts";
import type { IdentityOptions } from "./transport/identities.ts";

/** The hosts that one command works with; closing ends all connections. */
export class Hosts implements AsyncDisposable {
  readonly #options: IdentityOptions;
  #connections: Promise<Connections> | undefined;

  constructor(options: IdentityOptions) {
    this.#options = options;
  }

  /** A way to run programs on `host`. Nothing is contacted before the first one. */
  connect(host: HostDir): Host {
    const { name, env } = host;
    return env.host === "local" ? new LocalHost(name) : new RemoteHost(host, () => this.ssh());
  }

  /** The SSH connections. The library behind them is loaded when first asked for. */
  ssh(): Promise<Connections> {
    return this.#connections ??= import("./transport/connections.ts")
      .then(({ Connections }) => new Connections(this.#options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connections = await this.#connections;
    await connections?.[Symbol.asyncDispose]();
  }
}

class RemoteHost implements Host {
  constructor(readonly host: HostDir, readonly ssh: () => Promise<Connections>) {}

  get name(): string {
    return this.host.name;
  }

  async run(program: HostProgram): Promise<HostResult> {
    return await (await this.ssh()).host(this.name, this.host.dir).run(program);
  }
}
