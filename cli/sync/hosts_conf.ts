/** hosts.conf of each host. Nothing here does I/O. */
import { formatHostsConf, type HostAddress, parseHostAddress } from "../../proxy/conf/mod.ts";

export interface RoutedHost {
  readonly name: string;
  readonly state: "active" | "inactive" | "disabled";
  /** `address:port`, or empty when the host takes no part in cluster traffic. */
  readonly routerAddress: string;
}

/**
 * The text of hosts.conf for `own`: its own address first, then those of the active hosts by name.
 *
 * The daemon binds pods to the first address; a host without one gets an empty file, as the address
 * of another host would be wrong there.
 */
export function hostsConfFor(own: RoutedHost, hosts: readonly RoutedHost[]): string {
  const ownAddress = parseHostAddress(own.routerAddress);
  if (ownAddress === undefined) return "";
  const others = hosts
    .filter(({ name, state }) => name !== own.name && state === "active")
    .toSorted((a, b) => a.name < b.name ? -1 : 1)
    .map(({ routerAddress }) => parseHostAddress(routerAddress))
    .filter((address): address is HostAddress => address !== undefined);
  return formatHostsConf([ownAddress, ...others]);
}
