/** The other proxies of the cluster, as hosts.conf lists them. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { formatHostAddress, type HostAddress } from "./conf/mod.ts";
import { plainAddress } from "./proxy_header.ts";

/** Gives the addresses of a host name; rejects when it has none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** Asks the system, its hosts file included. */
export const resolveBySystem: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);

/** Who may be asked, and who may ask. */
export class Peers {
  #hosts: ReadonlyMap<string, HostAddress> = new Map();
  #names: readonly string[] = [];
  /** Names and addresses that proxies connect from. */
  #senders: readonly string[] = [];
  /** Of each host name or address, the addresses it is known to have; old ones are kept while it fails. */
  #addresses = new Map<string, readonly string[]>();
  #allowed: ReadonlySet<string> = new Set();

  constructor(private readonly resolve: Resolve = resolveBySystem) {}

  /**
   * @param hosts Content of hosts.conf.
   * @param own The entry that is this proxy itself, left out of {@link names}.
   * @param extra Further addresses that proxies connect from.
   */
  load(
    hosts: readonly HostAddress[],
    own: HostAddress | undefined,
    extra: readonly string[],
  ): void {
    const others = hosts.filter((host) =>
      host.hostname !== own?.hostname || host.port !== own.port
    );
    this.#hosts = new Map(others.map((host) => [formatHostAddress(host), host]));
    this.#names = [...this.#hosts.keys()];
    this.#senders = [...new Set([...hosts.map((host) => host.hostname), ...extra])];
    for (const name of this.#senders) {
      if (isIP(name) !== 0) this.#addresses.set(name, [plainAddress(name)]);
    }
    this.#allow();
  }

  /** The hosts to ask, each by the text of its line in hosts.conf. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Where the host `name` is reached. */
  address(name: string): HostAddress | undefined {
    return this.#hosts.get(name);
  }

  /** Whether a proxy may connect from `address`. */
  allows(address: string): boolean {
    return this.#allowed.has(address);
  }

  /** Looks the host names up again. Returns those that have no address. */
  async refresh(): Promise<string[]> {
    const failed: string[] = [];
    await Promise.all(this.#senders.map(async (name) => {
      if (isIP(name) !== 0) return;
      try {
        this.#addresses.set(name, (await this.resolve(name)).map(plainAddress));
      } catch {
        failed.push(name); // The caller reports it; the cause is always that there is no such name.
      }
    }));
    this.#allow();
    return failed.sort();
  }

  #allow(): void {
    for (const name of this.#addresses.keys()) {
      if (!this.#senders.includes(name)) this.#addresses.delete(name);
    }
    this.#allowed = new Set([...this.#addresses.values()].flat());
  }
}
