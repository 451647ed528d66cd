/**
 * Three hosts with a proxy each, and other people's traffic, for tests that do something bad to a
 * part of it. Pods "b" and "c" serve PORT_A; PORT_B, which the other people use, is served by "other" on c.
 * All clients are on a.
 */
import assert from "node:assert/strict";
import { eventually } from "../shell/pod_folder.ts";
import { NetLab } from "./net_lab.ts";
import { openFiles } from "./process_figures.ts";
import { Program } from "./program.ts";
import { PORT_A, PORT_B, ProxyHost } from "./proxy_host.ts";

export type HostName = "a" | "b" | "c";
const HOSTS: readonly HostName[] = ["a", "b", "c"];
const HOST_PORTS = { b: 30001, c: 30001, other: 30002 };
/** What may differ for reasons other than a leak: connections kept ready, the prober's own. */
export const FILES_SLACK = 16;
/** Heap that is not collected yet, and buffers kept for the next connections. */
const MEMORY_SLACK_MB = 450;
/** Other people's exchanges take some milliseconds; a machine with two busy cores gets more patience. */
const P50_LIMIT_MS = 1000;
const C_MAPPINGS = [
  { hostPort: HOST_PORTS.other, clusterPort: PORT_B },
  { hostPort: HOST_PORTS.c },
];
const STREAMS = 20;

export class FaultLab implements AsyncDisposable {
  readonly hosts: Record<HostName, ProxyHost>;
  #files: Record<string, number> = {};
  #memory: Record<string, number> = {};

  private constructor(
    readonly net: NetLab,
    private readonly stack: AsyncDisposableStack,
    hosts: ProxyHost[],
    private readonly pods: Map<string, Program>,
    private readonly streams: Program,
    private readonly prober: Program,
  ) {
    this.hosts = { a: hosts[0]!, b: hosts[1]!, c: hosts[2]! };
  }

  /** @param conf further lines of all proxy.conf */
  static async create(conf = ""): Promise<FaultLab> {
    await using stack = new AsyncDisposableStack();
    const net = stack.use(await NetLab.create(HOSTS));
    const ips = HOSTS.map((host) => net.ip(host));
    const settings = "CONNECTSECONDS 3\nREMEMBERSILENT 1\nREMEMBERREFUSED 1\nBUSYSECONDS 0.5\n";
    const hosts: ProxyHost[] = [];
    for (const name of HOSTS) {
      const options = { ip: net.ip(name), others: ips, prefix: net.on(name) };
      hosts.push(stack.use(await ProxyHost.create({ ...options, conf: settings + conf })));
    }
    const pods = new Map<string, Program>();
    for (const [name, port] of Object.entries(HOST_PORTS)) {
      const on = name === "b" ? "b" : "c";
      pods.set(name, stack.use(Program.helper(net.on(on), "pod", net.ip(on), port, name)));
    }
    await Promise.all([...pods.values()].map((pod) => pod.until("ready")));
    await hosts[1]!.map({ hostPort: HOST_PORTS.b });
    await hosts[2]!.map(...C_MAPPINGS);
    await Promise.all(hosts.map((host) => host.start()));
    const client = (name: string, ...args: (string | number)[]) =>
      stack.use(Program.helper(net.on("a"), name, net.ip("a"), ...args));
    const streams = client("streams", PORT_B, STREAMS);
    assert.deepEqual(await streams.json(), { other: STREAMS });
    const prober = client("probe", PORT_B, 20);
    await prober.until("ready");
    const lab = new FaultLab(net, stack.move(), hosts, pods, streams, prober);
    await lab.#takeBaseline();
    return lab;
  }

  /** Starts a client program on a; it ends with the lab. */
  client(name: string, ...args: (string | number)[]): Program {
    return this.stack.use(Program.helper(this.net.on("a"), name, this.net.ip("a"), ...args));
  }

  /** Starts a program on a host, which is told its address first. */
  on(host: HostName, name: string, ...args: (string | number)[]): Program {
    return this.stack.use(Program.helper(this.net.on(host), name, this.net.ip(host), ...args));
  }

  /** Takes c's pod out of the routes, so that only b has the port. */
  async onlyB(): Promise<void> {
    await this.hosts.c.map(C_MAPPINGS[0]!);
    await eventually("only b answers", async () => (await this.ask(30)).answers["c"] === undefined);
  }

  /** Makes short connections to PORT_A, which all have to be answered. */
  async ask(
    count: number,
    clients = 10,
  ): Promise<{ answers: Record<string, number>; slowestMs: number }> {
    await using asking = Program.helper(this.net.on("a"), "ask", this.net.ip("a"), PORT_A, clients);
    await asking.until("ready");
    await asking.tell(`${count}`);
    const { answers, failures, slowestMs } = await asking.json();
    assert.deepEqual(failures, []);
    return { answers, slowestMs };
  }

  /** Asks until `name` is among those who answer. */
  async answeredBy(name: string): Promise<void> {
    await eventually(
      `${name} answers`,
      async () => ((await this.ask(20)).answers[name] ?? 0) > 0,
    );
  }

  /**
   * Nothing is left of what a test did, and the other people noticed nothing.
   *
   * @param othersSuffer what the test did was bound to reach them, too
   */
  async recovered(what: string, othersSuffer: boolean): Promise<void> {
    await this.streams.tell("still here");
    assert.deepEqual(await this.streams.json(), { other: STREAMS });
    await this.closedAll();
    await this.prober.tell("end");
    const { count, failures, p50, p99 } = await this.prober.json();
    const memory = HOSTS.map((name) =>
      `${name} ${this.#memory[name]!.toFixed(0)} -> ${this.hosts[name].rssMb.toFixed(0)}`
    );
    console.log(
      `${what}: ${count} exchanges of others, p50 ${p50} ms, p99 ${p99} ms; ` +
        `RSS in MB: ${memory.join(", ")}`,
    );
    if (!othersSuffer) {
      assert.deepEqual(failures, []);
      assert.ok(count > 10 && p50 < P50_LIMIT_MS, `${count} exchanges, p50 ${p50} ms`);
    }
    for (const name of HOSTS) {
      const grown = this.hosts[name].rssMb - this.#memory[name]!;
      assert.ok(grown < MEMORY_SLACK_MB, `${name} grew by ${grown} MB`);
    }
  }

  /** Waits until proxies and pods have no more open files than at the start. */
  async closedAll(): Promise<void> {
    for (const [name, before] of Object.entries(this.#files)) {
      let now = 0;
      await eventually(`${name} closes what it opened (${before} before)`, () => {
        now = this.#filesOf(name);
        return now <= before + FILES_SLACK;
      }, 20_000).catch((error) => {
        throw new Error(`${error}: ${now} now`);
      });
    }
  }

  #filesOf(name: string): number {
    const pod = this.pods.get(name.replace("pod ", ""));
    return name.startsWith("pod ") ? openFiles(pod!.pid) : this.hosts[name as HostName].files;
  }

  async #takeBaseline(): Promise<void> {
    await this.ask(300);
    // Probes that lost a race end a moment after the connections that they were made for.
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const name of [...HOSTS, ...[...this.pods.keys()].map((pod) => `pod ${pod}`)]) {
      this.#files[name] = this.#filesOf(name);
    }
    for (const name of HOSTS) this.#memory[name] = this.hosts[name].rssMb;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}
