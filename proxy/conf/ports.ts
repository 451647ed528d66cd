/**
 * The port plan of a cluster. Ranges are inclusive.
 *
 * Cluster ports are what every proxy listens on; host ports are what the pods of one host are
 * mapped to. The two never overlap.
 */

/** An inclusive range of TCP ports. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Ports a pod may be mapped to on its host. */
export const HOST_PORTS: PortRange = { first: 30000, last: 32766 };
/** The part of {@link HOST_PORTS} that `HOSTPORTAUTO` variables are taken from. */
export const AUTO_HOST_PORTS: PortRange = { first: 30000, last: 31999 };
/** The port on which proxies talk to each other. */
export const ROUTER_PORT = 32767;
/** Cluster ports that a pod may declare. */
export const CLUSTER_PORTS: readonly PortRange[] = [
  { first: 1024, last: 29999 },
  { first: 32768, last: 65535 },
];
/** The part of {@link CLUSTER_PORTS} that `CLUSTERPORTAUTO` variables are taken from. */
export const AUTO_CLUSTER_PORTS: PortRange = { first: 61000, last: 63999 };

/** Whether `port` lies in `range`. */
export function inRange(port: number, range: PortRange): boolean {
  return Number.isInteger(port) && port >= range.first && port <= range.last;
}

/** Whether `port` is a TCP port number, 1 to 65535. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

/** Whether a pod may declare `port` as its cluster port. */
export function isClusterPort(port: number): boolean {
  return CLUSTER_PORTS.some((range) => inRange(port, range));
}

/** Reads a decimal number without sign or blanks; `undefined` for anything else. */
export function parseDecimal(text: string): number | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}
