/**
 * The PROXY protocol header that may stand in front of a connection: version 1 and 2 are read,
 * version 1 is written.
 */
import { isIPv4, isIPv6 } from "node:net";

/** One end of a connection. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
}

/** A header found at the start of a stream. */
export interface FoundHeader {
  /** Bytes that it takes. */
  readonly length: number;
  /** The same as a line of version 1; absent when the header says that it speaks for the connection itself. */
  readonly line?: Uint8Array;
}

/** What the first bytes of a stream are: surely no header, perhaps the start of one, or one. */
export type Inspection = "none" | "partial" | FoundHeader;

const V1_LIMIT = 107;
/** Of the 64 kB that version 2 allows after its 16 bytes; real ones stay far below. */
const V2_LIMIT = 4096;
const V2_SIGNATURE = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10);
const V1_FIRST = 80;
const V1_PREFIXES = ["PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN"];
const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** Looks at the first bytes of a stream, as many as there are yet. */
export function inspectHeader(bytes: Uint8Array): Inspection {
  if (bytes.length === 0) return "partial";
  if (bytes[0] === V1_FIRST) return inspectV1(bytes);
  if (bytes[0] === V2_SIGNATURE[0]) return inspectV2(bytes);
  return "none";
}

/** Whether a header may begin with the byte `first`. */
export function mayBeginHeader(first: number): boolean {
  return first === V1_FIRST || first === V2_SIGNATURE[0];
}

function inspectV1(bytes: Uint8Array): Inspection {
  const head = decoder.decode(bytes.subarray(0, V1_LIMIT));
  const possible = V1_PREFIXES.some((prefix) =>
    head.length < prefix.length ? prefix.startsWith(head) : head.startsWith(prefix)
  );
  if (!possible) return "none";
  const end = head.indexOf("\n");
  if (end < 0) return head.length < V1_LIMIT ? "partial" : "none";
  if (head[end - 1] !== "\r" || !isV1(head.slice(0, end - 1))) return "none";
  return { length: end + 1, line: bytes.slice(0, end + 1) };
}

function isV1(line: string): boolean {
  const [, family, source, target, sourcePort, targetPort, ...more] = line.split(" ");
  if (family === "UNKNOWN") return true;
  if (more.length > 0 || !isHeaderPort(sourcePort) || !isHeaderPort(targetPort)) return false;
  const isAddress = family === "TCP4" ? isIPv4 : isIPv6;
  return isAddress(source ?? "") && isAddress(target ?? "");
}

function isHeaderPort(text: string | undefined): boolean {
  return text !== undefined && /^[0-9]{1,5}$/.test(text) && Number(text) <= 65535;
}

function inspectV2(bytes: Uint8Array): Inspection {
  for (let at = 0; at < Math.min(bytes.length, V2_SIGNATURE.length); at++) {
    if (bytes[at] !== V2_SIGNATURE[at]) return "none";
  }
  if (bytes.length < 16) return "partial";
  const [command, family] = [bytes[12]!, bytes[13]!];
  const size = bytes[14]! << 8 | bytes[15]!;
  if ((command !== 0x20 && command !== 0x21) || size > V2_LIMIT) return "none";
  const length = 16 + size;
  if (bytes.length < length) return "partial";
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (command === 0x21 && family === 0x11 && size >= 12) {
    return {
      length,
      line: formatV1(
        { hostname: textOfV4(view, 16), port: view.getUint16(24) },
        { hostname: textOfV4(view, 20), port: view.getUint16(26) },
      ),
    };
  }
  if (command === 0x21 && family === 0x21 && size >= 36) {
    return {
      length,
      line: formatV1(
        { hostname: textOfV6(view, 16), port: view.getUint16(48) },
        { hostname: textOfV6(view, 32), port: view.getUint16(50) },
      ),
    };
  }
  return { length };
}

function textOfV4(view: DataView, at: number): string {
  return [0, 1, 2, 3].map((byte) => view.getUint8(at + byte)).join(".");
}

function textOfV6(view: DataView, at: number): string {
  return [0, 2, 4, 6, 8, 10, 12, 14].map((byte) => view.getUint16(at + byte).toString(16))
    .join(":");
}

/** An IPv4 address that came mapped into IPv6 as itself; others as they are. */
export function plainAddress(hostname: string): string {
  const match = /^::ffff:([0-9.]+)$/i.exec(hostname);
  return match && isIPv4(match[1]!) ? match[1]! : hostname;
}

/** The header line of a connection from `source` to `target`; of unlike families, that it is unknown. */
export function formatV1(source: Endpoint, target: Endpoint): Uint8Array {
  const [from, to] = [plainAddress(source.hostname), plainAddress(target.hostname)];
  const family = isIPv4(from) && isIPv4(to) ? "TCP4" : isIPv6(from) && isIPv6(to) ? "TCP6" : "";
  return encoder.encode(
    family === ""
      ? "PROXY UNKNOWN\r\n"
      : `PROXY ${family} ${from} ${to} ${source.port} ${target.port}\r\n`,
  );
}
