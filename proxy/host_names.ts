/** The addresses of host names, asked for anew now and then. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { plainAddress } from "./proxy_header.ts";

/** Gives the addresses of a host name; rejects when it has none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** Asks the system, its hosts file included. */
export const resolveBySystem: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);

/** What {@link HostNames.refresh} found. */
export interface Refreshed {
  readonly changed: boolean;
  /** Names without an address now, in order. Those known before are kept. */
  readonly failed: readonly string[];
}

/** Remembers the addresses of the names that it is asked for, also while a name fails. */
export class HostNames {
  #addresses: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(private readonly resolve: Resolve = resolveBySystem) {}

  /** Numeric addresses by name. */
  get addresses(): ReadonlyMap<string, readonly string[]> {
    return this.#addresses;
  }

  /** The numeric address of `name`: itself when it is one, the first that is known, or `undefined`. */
  addressOf(name: string): string | undefined {
    return isIP(name) === 0 ? this.#addresses.get(name)?.[0] : plainAddress(name);
  }

  /** Looks `names` up again, and forgets all others. Numeric addresses among them are passed over. */
  async refresh(names: Iterable<string>): Promise<Refreshed> {
    const failed: string[] = [];
    const before = this.#addresses;
    const wanted = [...new Set(names)].filter((name) => isIP(name) === 0);
    const found = await Promise.all(wanted.map(async (name) => {
      try {
        const addresses = (await this.resolve(name)).map(plainAddress);
        if (addresses.length > 0) return [name, addresses] as const;
      } catch { /* The caller reports it; the cause is always that there is no such name. */ }
      failed.push(name);
      return [name, before.get(name)] as const;
    }));
    const after = new Map<string, readonly string[]>();
    for (const [name, addresses] of found) if (addresses) after.set(name, addresses);
    this.#addresses = after;
    return { changed: textOf(before) !== textOf(after), failed: failed.sort() };
  }
}

function textOf(addresses: ReadonlyMap<string, readonly string[]>): string {
  return JSON.stringify([...addresses].sort(([a], [b]) => a < b ? -1 : 1));
}
