/** For tests: several proxies in one process, each on its own loopback address. */
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
import { freshAddress } from "../tests/loopback/mod.ts";
import { LinuxEngine } from "./linux/linux_engine.ts";
import type { Plan } from "./plan.ts";
import { Proxy } from "./proxy.ts";
import { choosePlane } from "./workers/choose_plane.ts";

export * from "../tests/loopback/mod.ts";
export * from "./test_server.ts";

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
  limitMs = 60_000,
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

  /** Lists itself and `others` in hosts.conf, and waits until the proxy follows it. */
  async know(...others: readonly HostAddress[]): Promise<void> {
    await this.write("hosts.conf", formatHostsConf([this.address, ...others]));
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
