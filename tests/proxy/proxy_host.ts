/** A host with its proxy, as a process of its own, and the files that the daemon and sync would write. */
import { join } from "node:path";
import {
  formatHostsConf,
  formatPortMappings,
  type HostAddress,
  parseProxyConf,
  type PortMapping,
} from "../../proxy/conf/mod.ts";
import { openFiles, rssKb } from "./process_figures.ts";
import { Program } from "./program.ts";

/** Where the proxies of tests talk to each other, and the cluster ports. */
export const ROUTER = 29767;
export const [PORT_A, PORT_B] = [61001, 61002];

/** The line of proxy.conf for the engine that the environment variable PROXY_ENGINE names. */
export function engineLine(): string {
  const engine = Deno.env.get("PROXY_ENGINE");
  if (!engine) return "";
  const line = `ENGINE ${engine}\n`;
  const { problems } = parseProxyConf(line, "/");
  if (problems.length > 0) throw new Error(`PROXY_ENGINE: ${problems.join("; ")}`);
  return line;
}

export class ProxyHost implements AsyncDisposable {
  #proxy: Program | undefined;

  private constructor(
    readonly ip: string,
    readonly directory: string,
    private readonly prefix: readonly string[],
  ) {}

  /**
   * Makes a host that knows `others`. Its proxy does not run yet.
   *
   * @param prefix words in front of a command line that make it run there
   * @param conf further lines of proxy.conf
   */
  static async create(
    options: { ip: string; others: readonly string[]; prefix?: readonly string[]; conf?: string },
  ): Promise<ProxyHost> {
    const directory = await Deno.makeTempDir({ prefix: "proxy-host-" });
    const host = new ProxyHost(options.ip, directory, options.prefix ?? []);
    const ports = /^CLUSTERPORTS /m.test(options.conf ?? "")
      ? ""
      : `CLUSTERPORTS ${PORT_A},${PORT_B}\n`;
    const socket = "SOCKET ./proxy.sock\n"; // Several proxies run as one user.
    await host.write(
      "proxy.conf",
      `PORT ${ROUTER}\n${socket}${ports}${engineLine()}${options.conf ?? ""}`,
    );
    await host.knows(options.others);
    await host.map();
    return host;
  }

  get proxy(): Program {
    if (!this.#proxy) throw new Error(`The proxy of ${this.ip} does not run`);
    return this.#proxy;
  }

  /** Replaces a file as the daemon does: at once. */
  async write(name: string, text: string): Promise<void> {
    const temporary = join(this.directory, `.${name}.new`);
    await Deno.writeTextFile(temporary, text);
    await Deno.rename(temporary, join(this.directory, name));
  }

  /** Sets hosts.conf. */
  async knows(others: readonly string[]): Promise<void> {
    const all = [this.ip, ...others.filter((other) => other !== this.ip)];
    const addresses = all.map((hostname): HostAddress => ({ hostname, port: ROUTER }));
    await this.write("hosts.conf", formatHostsConf(addresses));
  }

  /** Sets portmappings.conf. The proxy follows within moments. */
  async map(...mappings: (Partial<PortMapping> & { hostPort: number })[]): Promise<void> {
    const defaults = { clusterPort: PORT_A, maxConn: 100_000, sendProxy: false };
    const all = mappings.map((mapping) => ({ ...defaults, ...mapping }));
    await this.write("portmappings.conf", formatPortMappings(all));
  }

  /** Starts the proxy, and waits until it listens. */
  async start(...options: string[]): Promise<void> {
    this.#proxy = Program.proxy(this.prefix, ...options, join(this.directory, "proxy.conf"));
    await this.#proxy.until("Settings are in force", 30_000);
  }

  /** Ends the proxy: a drain, unless another signal is given. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    const proxy = this.#proxy;
    this.#proxy = undefined;
    await proxy?.end(signal);
  }

  /** Starts a second proxy that takes over from the first, and waits until the first has ended. */
  async replace(): Promise<void> {
    const before = this.proxy;
    await this.start("--takeover");
    await before.ended;
  }

  /** Open files of the proxy. */
  get files(): number {
    return openFiles(this.proxy.pid);
  }

  /** Resident memory of the proxy, in MB. */
  get rssMb(): number {
    return rssKb(this.proxy.pid) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    await Deno.remove(this.directory, { recursive: true });
  }
}
