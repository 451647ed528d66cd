/** Numeric addresses as the kernel takes them: `struct sockaddr_in` and `sockaddr_in6`. */
import { isIPv4, isIPv6 } from "node:net";
import type { HostAddress } from "../conf/mod.ts";
import type { Bytes } from "../engine.ts";
import { AF_INET, AF_INET6 } from "./libc.ts";

/** Room for either structure. */
export const ADDRESS_BYTES = 28;
const V4_BYTES = 16;

/**
 * The structure for `address`. An IPv6 address may name its interface by number (`fe80::1%2`).
 *
 * @throws RangeError when the host is no numeric address.
 */
export function encodeAddress({ hostname, port }: HostAddress): Bytes {
  if (isIPv4(hostname)) {
    const bytes = new Uint8Array(V4_BYTES);
    setFamily(bytes, AF_INET, port);
    setV4(bytes, hostname);
    return bytes;
  }
  const [host = "", zone = "0"] = hostname.split("%");
  if (!isIPv6(host) || !/^[0-9]{1,9}$/.test(zone)) {
    throw new RangeError(`"${hostname}" is no numeric IPv4 or IPv6 address`);
  }
  const bytes = new Uint8Array(ADDRESS_BYTES);
  setFamily(bytes, AF_INET6, port);
  const view = new DataView(bytes.buffer);
  groupsOf(host).forEach((group, index) => view.setUint16(8 + 2 * index, group));
  view.setUint32(24, Number(zone), true);
  return bytes;
}

/** Structures that are kept, by port; the host in front. */
const kept = new Map<number, { readonly hostname: string; readonly bytes: Bytes }>();

/** {@link encodeAddress} of what is dialled again and again. Not to be changed. */
export function encodedAddress(address: HostAddress): Bytes {
  const known = kept.get(address.port);
  if (known?.hostname === address.hostname) return known.bytes;
  const bytes = encodeAddress(address);
  kept.set(address.port, { hostname: address.hostname, bytes });
  return bytes;
}

/** The address in `bytes`; an IPv4 address that came mapped into IPv6 as itself. */
export function decodeAddress(bytes: Uint8Array): HostAddress {
  const port = bytes[2]! << 8 | bytes[3]!;
  if (bytes[0] === AF_INET) return { hostname: formatV4(bytes, 4), port };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(8 + 2 * index));
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return { hostname: formatV4(bytes, 20), port };
  const zone = view.getUint32(24, true);
  return { hostname: formatV6(groups) + (zone > 0 ? `%${zone}` : ""), port };
}

/** Whether two structures name the same host and port. */
export function sameAddress(one: Uint8Array, other: Uint8Array): boolean {
  const length = one[0] === AF_INET ? 8 : 24; // What follows is padding, or the interface.
  for (let at = 0; at < length; at++) if (one[at] !== other[at] && !isFlow(one, at)) return false;
  return true;
}

/** Whether `at` lies in the flow information of IPv6, which is no part of an address. */
function isFlow(bytes: Uint8Array, at: number): boolean {
  return bytes[0] === AF_INET6 && at >= 4 && at < 8;
}

function setFamily(bytes: Uint8Array, family: number, port: number): void {
  bytes[0] = family;
  bytes[2] = port >> 8;
  bytes[3] = port & 0xff;
}

/** Writes a valid IPv4 address. Each dial does: no regular expression, no array. */
function setV4(bytes: Uint8Array, text: string): void {
  let at = 4;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x2e) at++;
    else bytes[at] = bytes[at]! * 10 + code - 0x30;
  }
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(text: string): number[] {
  const dotted = /[0-9]+(\.[0-9]+){3}$/.exec(text)?.[0];
  if (dotted) {
    const [a, b, c, d] = dotted.split(".").map(Number) as [number, number, number, number];
    const tail = `${(a << 8 | b).toString(16)}:${(c << 8 | d).toString(16)}`;
    return groupsOf(text.slice(0, -dotted.length) + tail);
  }
  const [head, tail] = text.split("::").map((part) =>
    part === "" ? [] : part.split(":").map((group) => parseInt(group, 16))
  );
  if (!tail) return head!;
  return [...head!, ...new Array<number>(8 - head!.length - tail.length).fill(0), ...tail];
}

/** Texts of IPv4 addresses, by their number: few hosts make most connections. */
const texts = new Map<number, string>();
const MOST_TEXTS = 4096;

function formatV4(bytes: Uint8Array, at: number): string {
  const number = bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
  let text = texts.get(number);
  if (text === undefined) {
    text = `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
    if (texts.size >= MOST_TEXTS) texts.clear();
    texts.set(number, text);
  }
  return text;
}

/** With the first of the longest runs of two or more zeros left out, as RFC 5952 wants it. */
function formatV6(groups: readonly number[]): string {
  let [start, length] = [0, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > length) [start, length] = [at, end - at];
  }
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}
