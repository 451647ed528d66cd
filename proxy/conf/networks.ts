/** Addresses and networks that may connect: `10.0.0.1`, `10.88.0.0/16`, `fd00::/8`, `own`, `any`. */
import { BlockList, isIP } from "node:net";
import { parseDecimal } from "./ports.ts";

/** Reads one entry; `undefined` when it is none. Brackets around IPv6 addresses are dropped. */
export function parseNetwork(text: string): string | undefined {
  if (text === "own" || text === "any") return text;
  const match = /^\[?([0-9A-Fa-f:.]+)\]?(?:\/([0-9]{1,3}))?$/.exec(text);
  const family = isIP(match?.[1] ?? "");
  if (!match || family === 0) return undefined;
  if (match[2] === undefined) return match[1];
  const bits = parseDecimal(match[2]);
  return bits !== undefined && bits <= (family === 4 ? 32 : 128)
    ? `${match[1]}/${bits}`
    : undefined;
}

/** Tells whether an address is among networks that {@link parseNetwork} read; `own` is left to the caller. */
export function networkFilter(networks: readonly string[]): (address: string) => boolean {
  if (networks.includes("any")) return () => true;
  const list = new BlockList();
  let empty = true;
  for (const network of networks) {
    if (network === "own") continue;
    empty = false;
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  if (empty) return () => false;
  return (address) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
