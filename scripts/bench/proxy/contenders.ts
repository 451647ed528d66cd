/** What is compared: nothing, our proxy with either engine, HAProxy; with one hop or two. */
import { join } from "node:path";
import {
  formatHostsConf,
  formatPortMappings,
  parseProxyConf,
  type PortRange,
} from "../../../proxy/conf/mod.ts";
import { Server } from "./process.ts";

const root = new URL("../../../", import.meta.url).pathname;

/** Where the clients connect, the second hop, and the servers. */
export const [NEAR, FAR, POD] = ["127.0.61.1", "127.0.61.2", "127.0.61.9"];
/** Cluster ports, and the host ports behind them. */
export const PORTS = { http: 61001, bulk: 61002 };
export const HOST_PORTS = { http: 30001, bulk: 30002 };
const ROUTER = 29767;

/** A contender that runs: its processes, the one the clients meet first. */
export class Running implements AsyncDisposable {
  constructor(readonly servers: readonly Server[], private readonly directory?: string) {}

  get cpuMs(): number {
    return this.servers.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  }

  /** The part of {@link cpuMs} that was not spent in the kernel. */
  get userMs(): number {
    return this.servers.reduce((sum, { userMs }) => sum + userMs, 0);
  }

  /** Of the first process. */
  get rssKb(): number {
    return this.servers[0]?.rssKb ?? 0;
  }

  /** The same, with pages that other processes have too counted as a part. */
  get pssKb(): number {
    return this.servers[0]?.pssKb ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
    if (this.directory) await Deno.remove(this.directory, { recursive: true });
  }
}

export interface Contender {
  readonly name: string;
  /** Whether it stands for HAProxy, which the others are compared with. */
  readonly bar: boolean;
  /** Where clients find it: an address, and the port of a service. */
  address(service: keyof typeof PORTS): { hostname: string; port: number };
  /**
   * Starts it.
   *
   * @param extra further ports that the first hop listens on
   */
  start(hops: number, extra?: PortRange): Promise<Running>;
}

export const near = (service: keyof typeof PORTS) => ({ hostname: NEAR, port: PORTS[service] });

const direct: Contender = {
  name: "direct",
  bar: false,
  address: (service) => ({ hostname: POD, port: HOST_PORTS[service] }),
  start: () => Promise.resolve(new Running([])),
};

/**
 * @param workers Threads; as many as the proxy chooses by default.
 * @param checkout Where its sources are.
 */
export function ours(engine: string, workers?: number, checkout = root): Contender {
  const threads = workers === undefined ? "" : ` ${workers} thread${workers === 1 ? "" : "s"}`;
  return {
    name: (checkout === root ? engine : `${engine} of ${checkout}`) + threads,
    bar: false,
    address: near,
    start: async (hops, extra) => {
      const directory = await Deno.makeTempDir({ prefix: "bench-proxy-" });
      const servers: Server[] = [];
      for (const ip of [NEAR, FAR].slice(0, hops)) {
        const home = join(directory, ip);
        await Deno.mkdir(home);
        const listened = [`${PORTS.http}-${PORTS.bulk}`];
        if (extra && ip === NEAR) listened.push(`${extra.first}-${extra.last}`);
        const settings = [`PORT ${ROUTER}`, `PODHOST ${POD}`, "SOCKET ./proxy.sock"];
        settings.push(`CLUSTERPORTS ${listened.join(",")}`, `ENGINE ${engine}`);
        if (workers !== undefined) settings.push(`WORKERS ${workers}`);
        await Deno.writeTextFile(join(home, "proxy.conf"), settings.join("\n") + "\n");
        const others = [NEAR, FAR].slice(0, hops).filter((other) => other !== ip);
        const hosts = [ip, ...others].map((hostname) => ({ hostname, port: ROUTER }));
        await Deno.writeTextFile(join(home, "hosts.conf"), formatHostsConf(hosts));
        const mappings = (["http", "bulk"] as const).map((service) => ({
          clusterPort: PORTS[service],
          hostPort: HOST_PORTS[service],
          maxConn: 100_000,
          sendProxy: false,
        }));
        const here = ip === [NEAR, FAR][hops - 1] ? mappings : [];
        await Deno.writeTextFile(join(home, "portmappings.conf"), formatPortMappings(here));
        servers.push(
          new Server(join(checkout, "scripts/bin/simplenetes-proxy"), join(home, "proxy.conf")),
        );
      }
      return new Running(servers, directory);
    },
  };
}

/** TCP mode in its best tuning: splice forced, pipes of 512 kB. */
export function haproxy(threads: number): Contender {
  const config = (ip: string, next: (service: "http" | "bulk") => string, extra?: PortRange) =>
    `global\n  nbthread ${threads}\n  maxconn ${extra ? 500 : 6000}\n  tune.pipesize 524288\n` +
    "defaults\n  mode tcp\n  option splice-request\n  option splice-response\n" +
    "  timeout connect 5s\n  timeout client 1h\n  timeout server 1h\n" +
    (["http", "bulk"] as const).map((service) =>
      `listen ${service}\n  bind ${ip}:${PORTS[service]}\n  server s ${next(service)}\n`
    ).join("") +
    (extra ? `listen extra\n  bind ${ip}:${extra.first}-${extra.last}\n  server s ${POD}:1\n` : "");
  return {
    name: `HAProxy ${threads} thread${threads === 1 ? "" : "s"}`,
    bar: true,
    address: near,
    start: async (hops, extra) => {
      const directory = await Deno.makeTempDir({ prefix: "bench-haproxy-" });
      const hosts = [NEAR, FAR].slice(0, hops);
      const servers: Server[] = [];
      for (const [index, ip] of hosts.entries()) {
        const after = hosts[index + 1];
        const file = join(directory, `${ip}.cfg`);
        const next = (service: "http" | "bulk") =>
          after ? `${after}:${PORTS[service]}` : `${POD}:${HOST_PORTS[service]}`;
        await Deno.writeTextFile(file, config(ip, next, index === 0 ? extra : undefined));
        servers.push(new Server("haproxy", "-db", "-f", file));
      }
      return new Running(servers, directory);
    },
  };
}

/** All that can run here; `linux` only where proxy.conf knows it. */
export function contenders(): Contender[] {
  const engines = ["deno", "linux"].filter((engine) =>
    parseProxyConf(`ENGINE ${engine}\n`, "/").problems.length === 0
  );
  const cores = navigator.hardwareConcurrency;
  const like = engines.includes("linux") && cores > 1 ? [ours("linux", 1)] : [];
  const threads = [...new Set([1, cores])];
  return [direct, ...engines.map((engine) => ours(engine)), ...like, ...threads.map(haproxy)];
}
