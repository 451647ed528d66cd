/** From what the files say to what is served. Pure. */
import { type HostAddress, inRange, type PortMapping } from "./conf/mod.ts";
import { isWildcard } from "./address_kinds.ts";
import type { Settings } from "./conf_files.ts";
import type { Plan } from "./plan.ts";

const ANY = "0.0.0.0";

/** What the machine adds to the files. */
export interface Surroundings {
  /** The address to listen on as it was chosen, a name perhaps; `undefined` for all interfaces. */
  readonly host: string | undefined;
  /** Numeric addresses of names. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
}

/** A plan whose mappings have no cells yet, and those left out because they lead back to the proxy itself. */
export interface Planned {
  readonly plan: Omit<Plan, "mappings" | "cells"> & { readonly mappings: readonly PortMapping[] };
  readonly loops: readonly PortMapping[];
}

export function makePlan(settings: Settings, { host, addresses }: Surroundings): Planned {
  const { conf, hosts, mappings } = settings;
  const numeric = (name: string) => addresses.get(name)?.[0] ?? name;
  const bind = numeric(host ?? ANY);
  const podHost = numeric(conf.podHost ?? (isWildcard(bind) ? "127.0.0.1" : bind));
  const leadsBack = ({ hostPort }: PortMapping) =>
    (isWildcard(bind) || podHost === bind) &&
    (hostPort === conf.port || conf.clusterPorts.some((range) => inRange(hostPort, range)));
  return {
    plan: {
      conf,
      bind,
      podHost,
      hosts: { hosts, own: ownEntry(settings, host, numeric), extra: conf.peerFrom, addresses },
      mappings: mappings.filter((mapping) => !leadsBack(mapping)),
    },
    loops: mappings.filter(leadsBack),
  };
}

/** The names that a plan for `settings` needs addresses of; numeric addresses are among them. */
export function namesIn({ conf, hosts }: Settings): string[] {
  const names = [
    conf.host,
    conf.podHost,
    ...hosts.map(({ hostname }) => hostname),
    ...conf.peerFrom,
  ];
  return names.filter((name) => name !== undefined);
}

/** The entry of hosts.conf that is this proxy; where that can't be told, the first. */
function ownEntry(
  { conf, hosts }: Settings,
  host: string | undefined,
  numeric: (name: string) => string,
): HostAddress | undefined {
  const byName = conf.host !== undefined && !isWildcard(conf.host);
  const bind = host === undefined ? undefined : numeric(host);
  return hosts.find((each) => numeric(each.hostname) === bind && each.port === conf.port) ??
    (byName ? undefined : hosts[0]);
}
