/**
 * Where tests listen. They run beside each other, in threads of one process and in several processes.
 *
 * A free port is never found by opening one and closing it again: a process that another thread
 * starts at that moment has the socket open, too, until it runs its program. So for some
 * milliseconds the port would be taken, and take connections. Numbers are given out instead, all of
 * them below those that the kernel gives away (`ip_local_port_range`, from 32768 on).
 */

/** Who listens on this port of an address has what goes with the address. */
const CLAIM_PORT = 29767;
/** The ports of addresses that only one test file has. */
const OWN_PORTS = { first: 20_000, last: 24_999 };
/** The ports of addresses that all tests of the machine share; a test file has some of them. */
const SHARED_PORTS = { first: 25_000, each: 16, files: 256 };

/** How long what the kernel tells of all addresses is believed, in milliseconds. */
const LOOK_MS = 1000;
const LISTENS = "0A";

/** The start of loopback addresses that only this test file uses. */
const block = claim("loopback addresses", () => {
  const [second, third] = crypto.getRandomValues(new Uint8Array(2));
  return `127.${20 + second! % 200}.${third}`;
}, (block) => `${block}.254`);
const firstShared = claim(
  "ports",
  () => SHARED_PORTS.first + SHARED_PORTS.each * random(SHARED_PORTS.files),
  (port) => `127.19.${port >> 8}.${port & 255}`,
);
/** The ports that somebody listens on at all addresses, as they were a moment ago. */
let everywhere = { taken: new Set<number>(), until: -Infinity };
let addresses = 0;
let ports = 0;
let sharedPorts = 0;

/** A loopback address that no other test uses. */
export function freshAddress(): string {
  if (++addresses > 253) throw new Error("A test file has 253 loopback addresses");
  return `${block}.${addresses}`;
}

/** A port for a {@link freshAddress}, another one each time; nobody listens on it at all addresses. */
export function freshPort(): number {
  if (everywhere.until < performance.now()) {
    const taken = listening().filter(({ isWildcard }) => isWildcard).map(({ port }) => port);
    everywhere = { taken: new Set(taken), until: performance.now() + LOOK_MS };
  }
  for (let turn = 0; turn < 1000; turn++) {
    const port = OWN_PORTS.first + ports++ % (OWN_PORTS.last - OWN_PORTS.first + 1);
    if (!everywhere.taken.has(port)) return port;
  }
  throw new Error("No free port for a test: who listens on 20000 to 24999?");
}

/** A port for `::1`, `127.0.0.1`, or all addresses. */
export function sharedPort(): number {
  const taken = listening();
  for (let turn = 0; turn < SHARED_PORTS.each; turn++) {
    const port = firstShared + sharedPorts++ % SHARED_PORTS.each;
    if (!taken.some((each) => each.port === port)) return port;
  }
  throw new Error(`No free port for a test among the ${SHARED_PORTS.each} that a file has`);
}

/** Whether a socket listens on `port` of `hostname`, an IPv4 address; where that can't be known, no. */
export function isListening(hostname: string, port: number): boolean {
  const address = hexOf(hostname);
  return listening().some((each) => each.port === port && each.address === address);
}

/** Listens for as long as the test file runs on the address that goes with something random. */
function claim<T>(what: string, pick: () => T, addressOf: (picked: T) => string): T {
  for (let turn = 0; turn < 1000; turn++) {
    const picked = pick();
    try {
      Deno.listen({ hostname: addressOf(picked), port: CLAIM_PORT }).unref();
      return picked;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`No free ${what} for tests: who listens on port ${CLAIM_PORT}?`);
}

function random(below: number): number {
  return crypto.getRandomValues(new Uint16Array(1))[0]! % below;
}

interface Listening {
  /** As the kernel writes it: hexadecimal, the bytes of each 32 bits in its own order. */
  readonly address: string;
  readonly port: number;
  readonly isWildcard: boolean;
}

/** All listening sockets of the machine; none where that can't be known. */
function listening(): Listening[] {
  if (Deno.build.os !== "linux") return [];
  return ["tcp", "tcp6"].flatMap((name) => startOf(`/proc/net/${name}`)).flatMap((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    if (state !== LISTENS) return [];
    const [address = "", port = ""] = local!.split(":");
    return { address, port: parseInt(port, 16), isWildcard: /^0+$/.test(address) };
  });
}

/** The lines of a table of sockets as far as it tells of listening ones, which come before all others. */
function startOf(path: string): string[] {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return []; // Without IPv6, for one.
    throw error;
  }
  using _closed = file;
  const buffer = new Uint8Array(65536);
  let text = "";
  for (let read: number | null; (read = file.readSync(buffer)) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, read));
    const last = text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1)!;
    if (text.length > 1000 && !last.includes(` ${LISTENS} `)) break;
  }
  return text.slice(0, text.lastIndexOf("\n") + 1).split("\n").slice(1, -1);
}

/** An IPv4 address as /proc/net/tcp has it. */
function hexOf(hostname: string): string {
  const bytes = hostname.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return bytes.reverse().join("").toUpperCase();
}
