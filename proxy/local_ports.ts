/**
 * Whether the proxy leaves ports to connect from. `connect(2)` passes over every local port that has
 * a listener, on whatever address, so listeners inside of the kernel's local port range take ports
 * away from all programs of the machine.
 */
import { inRange, mergePortRanges, parseDecimal, type PortRange } from "./conf/mod.ts";
import type { Fields, Log } from "./log.ts";

/** Where Linux tells the range; each network namespace has its own. */
const RANGE_FILE = "/proc/sys/net/ipv4/ip_local_port_range";
/** With fewer ports left than this, the connections to one busy server use them up. */
const ENOUGH = 8192;

/** Reads the text of ip_local_port_range: two numbers, both inclusive; `undefined` for anything else. */
export function parseLocalPortRange(text: string): PortRange | undefined {
  const [first, last, ...more] = text.trim().split(/\s+/).map(parseDecimal);
  if (first === undefined || last === undefined || more.length > 0 || first > last) {
    return undefined;
  }
  return { first, last };
}

/** How many ports of `local` are not among `listened`. */
export function portsLeft(local: PortRange, listened: readonly PortRange[]): number {
  return mergePortRanges(listened).reduce((left, { first, last }) => {
    const taken = Math.min(last, local.last) - Math.max(first, local.first) + 1;
    return left - Math.max(0, taken);
  }, local.last - local.first + 1);
}

/** What there is to say of the ports that a proxy listens on; `undefined` when all is well. */
export function judgeLocalPorts(
  local: PortRange,
  clusterPorts: readonly PortRange[],
  port: number,
):
  | { readonly level: "error" | "warn"; readonly event: string; readonly fields: Fields }
  | undefined {
  const left = portsLeft(local, [...clusterPorts, { first: port, last: port }]);
  const all = local.last - local.first + 1;
  const onlyOwn = left === all - 1 && inRange(port, local);
  if (left === all || (onlyOwn && left >= ENOUGH)) return undefined;
  return {
    level: left >= ENOUGH ? "warn" : "error",
    event: left === 0
      ? "CLUSTERPORTS leave no local port: nothing on this machine can connect to anything"
      : "CLUSTERPORTS take away local ports, which every connection of this machine needs one of",
    fields: {
      left,
      of: all,
      localPorts: `${local.first}-${local.last}`,
      try: "shorten CLUSTERPORTS, or move the range: sysctl -w net.ipv4.ip_local_port_range=…",
    },
  };
}

/** The range of this machine; `undefined` where it is not told: not Linux, or hidden by a sandbox. */
export function readLocalPorts(): PortRange | undefined {
  try {
    return parseLocalPortRange(Deno.readTextFileSync(RANGE_FILE));
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Says what {@link judgeLocalPorts} finds of this machine. */
export function warnOfLocalPorts(
  { clusterPorts, port }: { readonly clusterPorts: readonly PortRange[]; readonly port: number },
  log: Log,
): void {
  const local = readLocalPorts();
  const found = local && judgeLocalPorts(local, clusterPorts, port);
  if (found) log[found.level](found.event, found.fields);
}
