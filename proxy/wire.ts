/**
 * How two proxies agree on a connection, byte compatible with the original proxy.
 *
 * The asking one sends one line with the cluster port. The other closes (no such port, or nothing takes
 * connections there), or says BUSY and closes, or says whether the target wants a PROXY header;
 * all bytes after that belong to the connection.
 */
import { isPort, parseDecimal } from "./conf/mod.ts";

/** Neither line is longer, its CRLF included. */
export const LINE_LIMIT = 56;

const REPLIES = ["SENDPROXY=true\r\n", "SENDPROXY=false\r\n", "BUSY\r\n"];
const PREFIX = "PROXY TCP4 ";
const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();

/** The request for `port`. All but the port is dummy: it is written so that old proxies understand it. */
export function formatRequest(port: number): Uint8Array {
  return encoder.encode(`${PREFIX}1.2.3.4 1.2.3.4 123 ${port}\r\n`);
}

/** `length` counts the bytes of the line; those after it belong to the connection. */
export type Request = "more" | "bad" | { readonly port: number; readonly length: number };

/** Reads the first bytes of a connection from another proxy; `more` when they could still become a request. */
export function parseRequest(bytes: Uint8Array): Request {
  const line = firstLine(bytes);
  if (line === "bad") return "bad";
  if (line === "more") {
    const start = decoder.decode(bytes.subarray(0, PREFIX.length));
    return PREFIX.startsWith(start) ? "more" : "bad";
  }
  if (!line.startsWith(PREFIX)) return "bad";
  const port = parseDecimal(line.slice(line.lastIndexOf(" ") + 1));
  return port !== undefined && isPort(port) ? { port, length: line.length + 2 } : "bad";
}

/** The answer of the asked proxy. */
export function formatReply(reply: "busy" | { readonly sendProxy: boolean }): Uint8Array {
  return encoder.encode(reply === "busy" ? "BUSY\r\n" : `SENDPROXY=${reply.sendProxy}\r\n`);
}

/** `length` counts the bytes of the line; those after it come from the target. */
export type Reply =
  | "more"
  | "bad"
  | "busy"
  | { readonly sendProxy: boolean; readonly length: number };

/** Reads the first bytes of an answer; `more` when they could still become one. */
export function parseReply(bytes: Uint8Array): Reply {
  const line = firstLine(bytes);
  switch (line) {
    case "BUSY":
      return "busy";
    case "SENDPROXY=true":
    case "SENDPROXY=false":
      return { sendProxy: line === "SENDPROXY=true", length: line.length + 2 };
    case "more": {
      const start = decoder.decode(bytes);
      return REPLIES.some((reply) => reply.startsWith(start)) ? "more" : "bad";
    }
    default:
      return "bad";
  }
}

/** The text before the first CRLF. */
function firstLine(bytes: Uint8Array): string {
  const head = bytes.subarray(0, LINE_LIMIT);
  const end = head.indexOf(10);
  if (end > 0 && head[end - 1] === 13) return decoder.decode(head.subarray(0, end - 1));
  return end < 0 && bytes.length < LINE_LIMIT ? "more" : "bad";
}
