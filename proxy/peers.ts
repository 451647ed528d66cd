/** The other proxies of the cluster: who may be asked, and who may ask. */
import { isIP } from "node:net";
import { formatHostAddress, type HostAddress } from "./conf/mod.ts";
import type { PeerList } from "./plan.ts";
import { plainAddress } from "./proxy_header.ts";

/** Pure bookkeeping over the list in force. */
export class Peers {
  /** Those to ask, as far as they have an address. */
  #places: ReadonlyMap<string, HostAddress> = new Map();
  #names: readonly string[] = [];
  #addresses: ReadonlyMap<string, readonly string[]> = new Map();
  #allowed: ReadonlySet<string> = new Set();

  load({ hosts, own, extra, addresses }: PeerList): void {
    this.#addresses = addresses;
    const placeOf = ({ hostname, port }: HostAddress) => [this.#lookUp(hostname)[0], port].join();
    const isOwn = (host: HostAddress) =>
      own !== undefined && (formatHostAddress(host) === formatHostAddress(own) ||
        (this.#lookUp(own.hostname).length > 0 && placeOf(host) === placeOf(own)));
    const others = hosts.filter((host) => !isOwn(host));
    this.#names = [...new Set(others.map(formatHostAddress))];
    this.#places = new Map(others.flatMap((host): [string, HostAddress][] => {
      const hostname = this.#lookUp(host.hostname)[0];
      return hostname === undefined ? [] : [[formatHostAddress(host), { ...host, hostname }]];
    }));
    const senders = [...hosts.map((host) => host.hostname), ...extra];
    this.#allowed = new Set(senders.flatMap((name) => this.#lookUp(name)));
  }

  /** The hosts to ask, each by the text of its line in hosts.conf. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Where the host `name` is reached; `undefined` when it is not listed or its name has no address. */
  address(name: string): HostAddress | undefined {
    return this.#places.get(name);
  }

  /** Whether a proxy may connect from `address`. */
  allows(address: string): boolean {
    return this.#allowed.has(address);
  }

  #lookUp(name: string): readonly string[] {
    return isIP(name) === 0 ? this.#addresses.get(name) ?? [] : [plainAddress(name)];
  }
}
