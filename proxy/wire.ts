/**
 * How two proxies agree on a connection, byte compatible with the original proxy.
 *
 * The asking one sends one line with the cluster port. The other closes (no such port, or nothing takes
 * connections there), or says BUSY and closes, or says whether the target wants a PROXY header;
 * all bytes after that belong to the connection.
 */
/** Neither line is longer, its CRLF included. */
export const LINE_LIMIT = 56;

const encoder = new TextEncoder();
const PREFIX = encoder.encode("PROXY TCP4 ");
const WITH_HEADER = encoder.encode("SENDPROXY=true\r\n");
const WITHOUT_HEADER = encoder.encode("SENDPROXY=false\r\n");
const BUSY = encoder.encode("BUSY\r\n");
/** A port has no more digits, however many zeros are in front. */
const MOST_DIGITS = 15;
const [LF, CR, BLANK, ZERO, NINE] = [10, 13, 32, 48, 57];

const requests = new Map<number, Uint8Array>();

/**
 * The request for `port`. All but the port is dummy: it is written so that old proxies understand it.
 * Not to be changed.
 */
export function formatRequest(port: number): Uint8Array {
  let request = requests.get(port);
  if (!request) {
    request = encoder.encode(`PROXY TCP4 1.2.3.4 1.2.3.4 123 ${port}\r\n`);
    requests.set(port, request);
  }
  return request;
}

/** `length` counts the bytes of the line; those after it belong to the connection. */
export type Request = "more" | "bad" | { readonly port: number; readonly length: number };

/** Reads the first `length` bytes of a connection from another proxy; `more` when they could still become a request. */
export function parseRequest(bytes: Uint8Array, length = bytes.length): Request {
  const most = Math.min(length, LINE_LIMIT);
  for (let at = 0; at < Math.min(most, PREFIX.length); at++) {
    if (bytes[at] !== PREFIX[at]) return "bad";
  }
  let end = 0;
  while (end < most && bytes[end] !== LF) end++;
  if (end === most) return length < LINE_LIMIT ? "more" : "bad";
  if (end <= PREFIX.length || bytes[end - 1] !== CR) return "bad";
  const port = numberBefore(bytes, end - 1);
  return port >= 1 && port <= 65535 ? { port, length: end + 1 } : "bad";
}

/** The decimal number between the last blank before `end` and `end`; -1 when it is none. */
function numberBefore(bytes: Uint8Array, end: number): number {
  let value = 0;
  let at = end - 1;
  for (let unit = 1; bytes[at] !== BLANK; at--, unit *= 10) {
    const digit = bytes[at]!;
    if (digit < ZERO || digit > NINE || end - at > MOST_DIGITS) return -1;
    value += (digit - ZERO) * unit;
  }
  return at === end - 1 ? -1 : value;
}

/** The answer of the asked proxy. Not to be changed. */
export function formatReply(reply: "busy" | { readonly sendProxy: boolean }): Uint8Array {
  if (reply === "busy") return BUSY;
  return reply.sendProxy ? WITH_HEADER : WITHOUT_HEADER;
}

/** `length` counts the bytes of the line; those after it come from the target. */
export type Reply =
  | "more"
  | "bad"
  | "busy"
  | { readonly sendProxy: boolean; readonly length: number };

/** Reads the first `length` bytes of an answer; `more` when they could still become one. */
export function parseReply(bytes: Uint8Array, length = bytes.length): Reply {
  const reply = startOf(WITHOUT_HEADER, bytes, length) ?? startOf(WITH_HEADER, bytes, length) ??
    startOf(BUSY, bytes, length);
  if (!reply) return "bad";
  if (length < reply.length) return "more";
  return reply === BUSY ? "busy" : { sendProxy: reply === WITH_HEADER, length: reply.length };
}

/** `reply` when the first `length` bytes are it, or its beginning. */
function startOf(reply: Uint8Array, bytes: Uint8Array, length: number): Uint8Array | undefined {
  for (let at = 0; at < Math.min(length, reply.length); at++) {
    if (bytes[at] !== reply[at]) return undefined;
  }
  return reply;
}
