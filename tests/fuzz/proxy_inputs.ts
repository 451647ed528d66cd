/** What the fuzzer of the proxy begins with, and the inputs that it makes of it. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bytes, mutateBinary } from "./mutate_bytes.ts";
import { type Kind, KINDS } from "./proxy_checks.ts";
import type { Random } from "../../cli/testing/random.ts";

export interface ProxyInput {
  readonly kind: Kind;
  readonly bytes: Bytes;
}

/** Inputs that once failed, and those that reach deep; a file each, named `<kind>-<anything>`. */
export const PROXY_CORPUS = fileURLToPath(new URL("./corpus/proxy", import.meta.url));

/** Pieces that mean something to one of the parsers. */
const PIECES: readonly string[] = [
  ...[
    "PROXY TCP4 ",
    "PROXY TCP6 ",
    "PROXY UNKNOWN",
    "PROXY ",
    "1.2.3.4 ",
    "::1 ",
    "61000",
    "65536",
  ],
  ...[
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    "\0",
    ":",
    ",",
    "-",
    "#",
    " #",
    ".",
    "0",
    "00000000000000061000",
  ],
  ...["SENDPROXY=true\r\n", "SENDPROXY=false\r\n", "BUSY\r\n", "SENDPROXY=", "true", "false"],
  ...["\r\n\r\n\0\r\nQUIT\n", "!\x11\0\x0c", "!!\0$", " \0\0\0", "!\x11\x0f\xff", "::ffff:1.2.3.4"],
  ...["PORT ", "HOST ", "CLUSTERPORTS ", "PROXYFROM ", "PORTSCONF ", "REMEMBEROK ", "none", "own"],
  ...["ENGINE ", "WORKERS auto", "METRICS ", "SOCKET ", "CLIENTFROM ", "10.0.0.0/8", "/33", "/"],
  ...[
    "[fd00::1]:32767",
    "[",
    "]",
    "1-2",
    "5-3",
    "0.5",
    "1e9",
    "__proto__ 1",
    "../",
    "/./",
    "%eth0",
  ],
  ...[
    "é",
    "\u{1f389}",
    "\ufeff",
    "\u2028",
    "\xa0",
    " ".repeat(60),
    "1".repeat(60),
    "x".repeat(5000),
  ],
];

/** All of the corpus. */
export function proxySeeds(): ProxyInput[] {
  return [...Deno.readDirSync(PROXY_CORPUS)].map(({ name }) => name).sort().map((name) => {
    const kind = KINDS.find((each) => name.startsWith(`${each}-`));
    if (!kind) throw new Error(`${name} begins with none of ${KINDS.join(", ")}`);
    return { kind, bytes: Deno.readFileSync(join(PROXY_CORPUS, name)) };
  });
}

/** A new input out of `from`. */
export function mutatedProxyInput(from: readonly ProxyInput[], random: Random): ProxyInput {
  const kind = random.pick(KINDS);
  const { bytes } = random.pick(from.filter((each) => each.kind === kind));
  const other = random.pick(from);
  return { kind, bytes: mutateBinary(bytes, other.bytes, random, PIECES) };
}
