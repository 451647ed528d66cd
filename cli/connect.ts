/** The way to a host: the local disk, or nothing yet. */
import { type Host, HostError, type HostResult, LocalHost } from "../daemon/mod.ts";
import type { HostDir } from "./project/host.ts";

/** A `Host` for `host`. Hosts that this version can't reach fail when they are used. */
export function connect({ name, env }: HostDir): Host {
  return env.host === "local" ? new LocalHost(name) : new UnsupportedHost(name);
}

class UnsupportedHost implements Host {
  constructor(readonly name: string) {}

  run(): Promise<HostResult> {
    const message = "SSH hosts are not supported by this version yet";
    return Promise.reject(new HostError(this.name, "unreachable", message));
  }
}
