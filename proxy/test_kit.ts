/** For tests: several proxies in one process, each on its own loopback address, and small servers. */
import { join } from "node:path";
import {
  defaultProxyConf,
  formatHostsConf,
  formatPortMappings,
  type HostAddress,
  type PortMapping,
  type ProxyConf,
} from "./conf/mod.ts";
import { createLog, type Log } from "./log.ts";
import { LinuxEngine } from "./linux/linux_engine.ts";
import type { Plan } from "./plan.ts";
import { Proxy } from "./proxy.ts";
import { choosePlane } from "./workers/choose_plane.ts";

/** Where the proxies of tests talk to each other. */
export const ROUTER = 29767;
/** The cluster ports of tests. */
export const [PORT_A, PORT_B] = [61001, 61002];

/** What the proxies of the running test forward with. */
let engine: ProxyConf["engine"] = "deno";

/** Defines a test once for each engine that runs here. */
export function testEachEngine(name: string, test: () => Promise<void>): void {
  for (
    const each of LinuxEngine.supported() === undefined
      ? ["deno", "linux"] as const
      : ["deno"] as const
  ) {
    Deno.test(`${name} (${each})`, async () => {
      engine = each;
      await test();
    });
  }
}

/**
 * The start of loopback addresses that only this test file uses. Test files run beside each other, in
 * one process too: who listens on its last address has the block.
 */
const BLOCK = claimBlock();
let addresses = 0;

function claimBlock(): string {
  for (let turn = 0; turn < 100; turn++) {
    const [second, third] = crypto.getRandomValues(new Uint8Array(2));
    const block = `127.${20 + second! % 200}.${third}`;
    try {
      Deno.listen({ hostname: `${block}.254`, port: ROUTER }).unref();
      return block;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`No free loopback addresses for tests: who listens on port ${ROUTER}?`);
}

/** A loopback address that no other test uses. */
export function freshAddress(): string {
  if (++addresses > 253) throw new Error("A test file has 253 loopback addresses");
  return `${BLOCK}.${addresses}`;
}

/** A plan of the host `ip` with default settings: no mappings, no other hosts. */
export function planOf(ip: string): Plan {
  return {
    conf: defaultProxyConf("/"),
    bind: ip,
    podHost: ip,
    hosts: { hosts: [], own: undefined, extra: [], addresses: new Map() },
    mappings: [],
    cells: new Int32Array(8),
  };
}

/** Waits until `condition` holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 10_000,
) {
  const end = performance.now() + limitMs;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** One host with its proxy and files. */
export class TestHost {
  proxy!: Proxy;
  readonly lines: string[] = [];

  constructor(readonly ip: string, readonly directory: string, public conf: string) {}

  get address(): HostAddress {
    return { hostname: this.ip, port: ROUTER };
  }

  /** Where its socket lies. */
  get directories() {
    return { runtime: undefined, own: join(this.directory, "sockets") };
  }

  get log(): Log {
    return createLog("debug", (line) => this.lines.push(line));
  }

  /** Replaces a file as the daemon does: at once. */
  async write(name: string, text: string): Promise<void> {
    const temporary = join(this.directory, `.${name}.new`);
    await Deno.writeTextFile(temporary, text);
    await Deno.rename(temporary, join(this.directory, name));
  }

  /** Sets portmappings.conf, and waits until the proxy follows it. */
  async map(...mappings: (Partial<PortMapping> & { hostPort: number })[]): Promise<void> {
    const defaults = { clusterPort: PORT_A, maxConn: 1000, sendProxy: false };
    await this.write(
      "portmappings.conf",
      formatPortMappings(mappings.map((mapping) => ({ ...defaults, ...mapping }))),
    );
    await this.proxy.reload();
  }

  async start(): Promise<void> {
    this.proxy = await Proxy.start({
      confFile: join(this.directory, "proxy.conf"),
      log: this.log,
      makePlane: (first) =>
        choosePlane(first, this.log, (error) => {
          throw error;
        }),
      pollMs: 50,
      directories: this.directories,
    });
  }
}

/** Runs `test` with `count` hosts that know each other; ends them, and whatever `test` put into `resources`. */
export async function withCluster(
  count: number,
  test: (hosts: TestHost[], resources: { close(): void | Promise<void> }[]) => Promise<void>,
  conf = "",
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "proxy-test-" });
  const resources: { close(): void | Promise<void> }[] = [];
  const hosts: TestHost[] = [];
  try {
    for (let index = 0; index < count; index++) {
      const home = join(directory, `${index}`);
      await Deno.mkdir(home);
      const text = `PORT ${ROUTER}\nCLUSTERPORTS ${PORT_A},${PORT_B}\nENGINE ${engine}\n${conf}`;
      hosts.push(new TestHost(freshAddress(), home, text));
    }
    for (const host of hosts) {
      const others = hosts.filter((other) => other !== host);
      await host.write("proxy.conf", host.conf);
      await host.write(
        "hosts.conf",
        formatHostsConf([host.address, ...others.map((each) => each.address)]),
      );
      await host.write("portmappings.conf", "\n");
      await host.start();
    }
    await test(hosts, resources);
  } finally {
    for (const resource of resources.reverse()) await resource.close();
    await Promise.all(hosts.map((host) => host.proxy?.stop()));
    await Deno.remove(directory, { recursive: true });
  }
}

/** A server on a free port of `hostname`. */
export class TestServer {
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #running = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  /** Connections accepted in all. */
  accepted = 0;

  constructor(hostname: string, serve: (conn: Deno.TcpConn) => Promise<unknown>, port = 0) {
    this.#listener = Deno.listen({ hostname, port });
    this.#accepting = this.#run(serve);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  get active(): number {
    return this.#open.size;
  }

  async #run(serve: (conn: Deno.TcpConn) => Promise<unknown>) {
    for (;;) {
      let conn: Deno.TcpConn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return;
        if (!(error instanceof Deno.errors.NotConnected)) throw error;
        this.accepted++; // And reset again already: it has no address any more.
        continue;
      }
      this.accepted++;
      this.#open.add(conn);
      const served = serve(conn).catch(() => {}).then(() => {
        this.#open.delete(conn);
        this.#running.delete(served);
        quietClose(conn);
      });
      this.#running.add(served);
    }
  }

  /** Refuses further connections; those accepted stay. */
  async stopListening(): Promise<void> {
    quietClose(this.#listener);
    await this.#accepting; // Until then the port may still take connections.
  }

  async close(): Promise<void> {
    await this.stopListening();
    for (const conn of this.#open) quietClose(conn);
    await Promise.all(this.#running);
  }
}

/** Closes what may be closed already. */
export function quietClose(resource: { close(): void }): void {
  try {
    resource.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

export const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Writes all of `data`. */
export async function send(conn: Deno.TcpConn, data: string | Uint8Array): Promise<void> {
  let rest = typeof data === "string" ? bytesOf(data) : data;
  while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
}

/** Reads text up to and with `end`, or to the end of the stream. */
export async function receive(conn: Deno.TcpConn, end?: string): Promise<string> {
  const buffer = new Uint8Array(4096);
  let text = "";
  while (end === undefined || !text.endsWith(end)) {
    const read = await conn.read(buffer);
    if (read === null) break;
    text += new TextDecoder("latin1").decode(buffer.subarray(0, read));
  }
  return text;
}

/** Sends back what comes. */
export async function echo(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65536);
  for (;;) {
    const read = await conn.read(buffer);
    if (read === null) return;
    await send(conn, buffer.subarray(0, read));
  }
}

/** Says `name` at once, then sends back what comes. */
export const greeter = (name: string) => async (conn: Deno.TcpConn) => {
  await send(conn, `${name}\n`);
  await echo(conn);
};

/** One exchange through `ip:port`: sends `text`, ends its side, and gives all that came back. */
export async function exchange(ip: string, port: number, text: string): Promise<string> {
  using conn = await Deno.connect({ hostname: ip, port });
  await send(conn, text);
  await conn.closeWrite();
  return await receive(conn);
}

/** An address that takes the SYN and never answers: its backlog is full. */
export async function blackHole(
  hostname: string,
  port: number,
): Promise<{ close(): Promise<void> }> {
  const options = { hostname, port, tcpBacklog: 1 };
  const listener = Deno.listen(options);
  const address = { hostname, port: listener.addr.port };
  const filler = [await Deno.connect(address), await Deno.connect(address)];
  return {
    close() {
      for (const conn of filler) quietClose(conn);
      listener.close();
      return Promise.resolve();
    },
  };
}
