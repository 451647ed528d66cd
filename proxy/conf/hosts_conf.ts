/**
 * hosts.conf: the proxies of a cluster, one `address:port` per line, the own host's first.
 *
 * Written by `sns cluster sync`, read by the daemon (its bind interface) and by the proxy.
 * IPv6 addresses stand in brackets: `[fd00::1]:32767`.
 */
import { isPort, parseDecimal } from "./ports.ts";

/** Where a proxy (or any TCP service) listens. IPv6 addresses are kept without brackets. */
export interface HostAddress {
  readonly hostname: string;
  readonly port: number;
}

/** What a reader of one of the conf files got, with a sentence for each line it left out. */
export interface Parsed<T> {
  readonly entries: readonly T[];
  readonly problems: readonly string[];
}

/** Sentences and letters of each that {@link tellProblems} gives. */
const TOLD = { sentences: 5, letters: 160 };

/** The problems of a file as one text, short also when all of a big file is wrong. */
export function tellProblems(problems: readonly string[]): string {
  const told = problems.slice(0, TOLD.sentences).map((problem) =>
    problem.length <= TOLD.letters ? problem : `${problem.slice(0, TOLD.letters)}...`
  );
  const more = problems.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/** Reads `address:port` or `[v6]:port`; `undefined` when it is neither. */
export function parseHostAddress(text: string): HostAddress | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:\[\]]+)):([0-9]+)$/.exec(text);
  if (!match) return undefined;
  const hostname = match[1] ?? match[2]!;
  const port = parseDecimal(match[3]!);
  return port !== undefined && isPort(port) ? { hostname, port } : undefined;
}

/** The inverse of {@link parseHostAddress}. */
export function formatHostAddress({ hostname, port }: HostAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Reads hosts.conf. Empty lines and `#` comments are skipped; other lines that are no address are reported. */
export function parseHostsConf(text: string): Parsed<HostAddress> {
  const entries: HostAddress[] = [];
  const problems: string[] = [];
  text.split("\n").forEach((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return;
    const address = parseHostAddress(line);
    if (address) entries.push(address);
    else problems.push(`line ${index + 1}: "${line}" is not address:port`);
  });
  return { entries, problems };
}

/** The text of hosts.conf for `addresses`, the own host's first. */
export function formatHostsConf(addresses: readonly HostAddress[]): string {
  return addresses.map((address) => formatHostAddress(address) + "\n").join("");
}
