/** The kernel's table of TCP connections, as /proc/net/tcp and tcp6 show it. Nothing here does I/O. */

/** The near end of one connection. */
export interface LocalEnd {
  /** Numeric; an IPv4 address that is mapped into IPv6 is shown as IPv4. */
  readonly address: string;
  readonly port: number;
}

/** States in which a pod may still have something to say: ESTABLISHED, FIN_WAIT1, CLOSE_WAIT, LAST_ACK. */
const OPEN = new Set(["01", "04", "08", "09"]);

/** A port as the kernel writes it. */
export function portInKernel(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

/** The open connections in lines of `<address>:<port> <state>`; lines of another form are passed over. */
export function parseConnections(text: string): LocalEnd[] {
  return text.split("\n").flatMap((line) => {
    const match = /^((?:[0-9A-F]{8}){1,4}):([0-9A-F]{4}) ([0-9A-F]{2})$/.exec(line.trim());
    if (!match || !OPEN.has(match[3]!)) return [];
    return [{ address: addressOf(match[1]!), port: Number.parseInt(match[2]!, 16) }];
  });
}

/** The address in the form that {@link parseConnections} gives, for comparing. */
export function canonicalAddress(address: string): string {
  if (!address.includes(":")) return address;
  try {
    return new URL(`http://[${address}]`).hostname.slice(1, -1);
  } catch {
    return address; // A name, or nothing that the kernel could show.
  }
}

/** 32-bit words in the byte order of the machine, which is little-endian on all that podman runs on. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? [])
    .flatMap((word) => (word.match(/../g) ?? []).reverse())
    .map((byte) => Number.parseInt(byte, 16));
  const mapped = bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.slice(0, 10).every((byte) => byte === 0);
  if (bytes.length === 4 || mapped) return bytes.slice(-4).join(".");
  const groups = Array.from(
    { length: 8 },
    (_, at) => ((bytes[2 * at]! << 8) | bytes[2 * at + 1]!).toString(16),
  );
  return canonicalAddress(groups.join(":"));
}
