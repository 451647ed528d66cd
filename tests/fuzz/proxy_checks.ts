/**
 * What has to hold for whatever the proxy reads, one check for each format. A check throws when it
 * does not hold, and says how deep the input got.
 */
import assert from "node:assert/strict";
import {
  formatHostsConf,
  formatPortMappings,
  formatProxyConf,
  parseHostsConf,
  parsePortMappings,
  parseProxyConf,
} from "../../proxy/conf/mod.ts";
import { Opening } from "../../proxy/opening.ts";
import { inspectHeader } from "../../proxy/proxy_header.ts";
import { LINE_LIMIT, parseReply, parseRequest } from "../../proxy/wire.ts";
import type { Bytes } from "./mutate_bytes.ts";
import { Random } from "../../cli/testing/random.ts";

/** Whether the input was taken for what its kind is about, so that more than the door was tested. */
type Check = (bytes: Bytes, random: Random) => boolean;

const MADE = new TextEncoder().encode("PROXY TCP4 9.9.9.9 8.8.8.8 7 6\r\n");
const DIRECTORY = "/srv/proxy/conf";

const CHECKS = {
  request: (bytes, random) => {
    const result = parseRequest(bytes);
    assert.deepEqual(result, expectedRequest(bytes));
    decidesOnce(bytes, random, parseRequest, "more");
    return typeof result === "object";
  },
  reply: (bytes, random) => {
    const result = parseReply(bytes);
    decidesOnce(bytes, random, parseReply, "more");
    if (bytes.length >= LINE_LIMIT) assert.notEqual(result, "more");
    return typeof result === "object" || result === "busy";
  },
  header: (bytes, random) => {
    const found = inspectHeader(bytes);
    decidesOnce(bytes, random, inspectHeader, "partial");
    if (typeof found === "string") return false;
    assert.ok(found.length > 0 && found.length <= bytes.length);
    if (found.line) {
      assert.deepEqual(inspectHeader(found.line), { length: found.line.length, line: found.line });
    }
    return true;
  },
  opening: (bytes, random) => {
    for (const wants of [true, false]) {
      for (const waitMs of [0, 500]) {
        const whole = through(wants, waitMs, bytes.length > 0 ? [bytes] : []);
        assert.deepEqual(through(wants, waitMs, chunksOf(bytes, random)), whole);
        losesNothing(wants, waitMs, bytes, random);
      }
    }
    return typeof inspectHeader(bytes) === "object";
  },
  "hosts.conf": (bytes) => {
    const { entries } = parseHostsConf(text(bytes));
    assert.deepEqual(parseHostsConf(formatHostsConf(entries)), { entries, problems: [] });
    return entries.length > 0;
  },
  "portmappings.conf": (bytes) => {
    const { entries } = parsePortMappings(text(bytes));
    assert.deepEqual(parsePortMappings(formatPortMappings(entries)), { entries, problems: [] });
    return entries.length > 0;
  },
  "proxy.conf": (bytes) => {
    const { conf, problems } = parseProxyConf(text(bytes), DIRECTORY);
    if (problems.length > 0) return false;
    assert.deepEqual(parseProxyConf(formatProxyConf(conf), "/elsewhere"), { conf, problems });
    return true;
  },
} satisfies Record<string, Check>;

export type Kind = keyof typeof CHECKS;
export const KINDS = Object.keys(CHECKS) as Kind[];

/** Checks one input; the chance in it depends on nothing but the input. */
export function checkProxyInput(kind: Kind, bytes: Bytes): boolean {
  return CHECKS[kind](bytes, new Random(hash(bytes)));
}

/** The rule of the original, written down once more: see {@link parseRequest}. */
function expectedRequest(bytes: Bytes): unknown {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, LINE_LIMIT));
  const match = /^PROXY TCP4 (?:[^\n]* )?(0*[1-9][0-9]{0,4})\r\n/.exec(head);
  if (match && Number(match[1]) <= 65535 && match[1]!.length <= 15) {
    return { port: Number(match[1]), length: match[0].length };
  }
  const open = !head.includes("\n") && bytes.length < LINE_LIMIT;
  return open && "PROXY TCP4 ".startsWith(head.slice(0, 11)) ? "more" : "bad";
}

/** What was decided of the first bytes stays so whatever comes behind them. */
function decidesOnce(
  bytes: Bytes,
  random: Random,
  parse: (bytes: Bytes) => unknown,
  undecided: string,
): void {
  const whole = parse(bytes);
  for (let times = 0; times < 4; times++) {
    const early = parse(bytes.subarray(0, random.below(Math.min(bytes.length, 120) + 1)));
    if (early !== undecided) assert.deepEqual(early, whole);
  }
}

/** Everything that reaches the target when the client sends `chunks` and then its end. */
function through(wants: boolean, waitMs: number, chunks: readonly Bytes[]): Uint8Array {
  const opening = new Opening(wants, waitMs, () => MADE);
  const sent = [opening.start()];
  for (const chunk of chunks) sent.push(opening.done ? chunk : opening.take(chunk));
  if (!opening.done) sent.push(opening.end());
  return concat(sent);
}

/** With any patience running out: at most one header, then all that the client sent but its own header. */
function losesNothing(wants: boolean, waitMs: number, bytes: Bytes, random: Random): void {
  const opening = new Opening(wants, waitMs, () => MADE);
  const sent = [opening.start()];
  for (const chunk of chunksOf(bytes, random)) {
    if (opening.patienceMs !== undefined && random.chance(0.3)) sent.push(opening.expire());
    sent.push(opening.done ? chunk : opening.take(chunk));
  }
  if (!opening.done) sent.push(opening.end());
  const found = inspectHeader(bytes);
  const [length, line] = typeof found === "string" ? [0, MADE] : [found.length, found.line ?? MADE];
  const rest = bytes.subarray(length);
  const possible = wants
    ? [concat([MADE, bytes]), concat([MADE, rest]), concat([line, rest])]
    : [bytes, rest];
  const all = concat(sent);
  assert.ok(possible.some((each) => equal(each, all)), "bytes were lost, added or reordered");
}

function chunksOf(bytes: Bytes, random: Random): Bytes[] {
  const chunks: Bytes[] = [];
  const most = random.pick([1, 3, 20, 200]);
  for (let at = 0; at < bytes.length;) {
    // Far behind any header it makes no difference any more.
    const length = at > 5000 ? bytes.length - at : 1 + random.below(most);
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function text(bytes: Bytes): string {
  return new TextDecoder().decode(bytes);
}

/** FNV-1a. */
function hash(bytes: Bytes): number {
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5);
}
