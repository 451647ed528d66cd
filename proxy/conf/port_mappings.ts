/**
 * portmappings.conf and pod.portmappings.conf: which host port serves which cluster port.
 *
 * An entry is `clusterPort:hostPort:maxConn:sendProxy`. podc writes one file per pod, the daemon
 * merges those of the ready pods of its host into one, the proxy reads that.
 */
import { isPort, parseDecimal } from "./ports.ts";
import type { Parsed } from "./hosts_conf.ts";

/** One cluster port of one pod. */
export interface PortMapping {
  readonly clusterPort: number;
  readonly hostPort: number;
  /** Connections that the proxy hands to this host port at a time. */
  readonly maxConn: number;
  /** Whether the pod wants a PROXY protocol v1 header in front of each connection. */
  readonly sendProxy: boolean;
}

/** What podc writes when pod.yaml gives no `maxConn`. */
export const DEFAULT_MAX_CONN = 4096;

/** Reads one entry; `undefined` when it is malformed. */
export function parsePortMapping(text: string): PortMapping | undefined {
  const [cluster, host, max, send, ...rest] = text.split(":");
  if (rest.length > 0 || cluster === undefined || host === undefined) return undefined;
  const clusterPort = parseDecimal(cluster);
  const hostPort = parseDecimal(host);
  const maxConn = parseDecimal(max ?? "");
  if (clusterPort === undefined || hostPort === undefined || maxConn === undefined) {
    return undefined;
  }
  if (!isPort(clusterPort) || !isPort(hostPort)) return undefined;
  if (send !== "true" && send !== "false") return undefined;
  return { clusterPort, hostPort, maxConn, sendProxy: send === "true" };
}

/** The inverse of {@link parsePortMapping}. */
export function formatPortMapping(mapping: PortMapping): string {
  return `${mapping.clusterPort}:${mapping.hostPort}:${mapping.maxConn}:${mapping.sendProxy}`;
}

/** Reads a file of entries, separated by any white space; malformed ones are reported. */
export function parsePortMappings(text: string): Parsed<PortMapping> {
  const entries: PortMapping[] = [];
  const problems: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const mapping = parsePortMapping(word);
    if (mapping) entries.push(mapping);
    else problems.push(`"${word}" is not clusterPort:hostPort:maxConn:sendProxy`);
  }
  return { entries, problems };
}

/** The file's text: a line each, in the order given; an empty file is one empty line, as the format has it. */
export function formatPortMappings(mappings: readonly PortMapping[]): string {
  return mappings.map(formatPortMapping).join("\n") + "\n";
}
