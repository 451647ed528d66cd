/**
 * Connections over three hosts while their pods, proxies and whole hosts are restarted at random. A
 * port always has a ready replica, so no connection may fail.
 *
 *     deno run -A tests/bench/proxy_soak.ts [connections] [clients per host] [--takeover]
 *
 * Restarts go as the daemon does them: a pod leaves portmappings.conf half a second before it is
 * stopped, a proxy is drained. With `--takeover` a proxy is replaced by a second one that takes over;
 * without, clients of its host wait meanwhile. The first host's proxy is never restarted: its memory is watched.
 * PROXY_ENGINE names the engine. Ends with 1 when a connection failed.
 */
import { freshAddress } from "../../proxy/test_kit.ts";
import { Random } from "../../cli/testing/random.ts";
import { Program } from "../proxy/program.ts";
import { PORT_A, ProxyHost } from "../proxy/proxy_host.ts";

const HOST_PORT = 30001;
/** How long the daemon waits between taking a pod out of the routes and stopping it. */
const ROUTES_FIRST_MS = 500;

export interface SoakOptions {
  readonly connections: number;
  /** Clients per host. */
  readonly clients: number;
  readonly takeover?: boolean;
  readonly seed?: number;
  readonly say?: (line: string) => void;
}

export interface SoakReport {
  readonly connections: number;
  readonly failures: readonly string[];
  readonly seconds: number;
  readonly restarts: Readonly<Record<Restart, number>>;
  /** Of the proxy that is never restarted: at the start, after a tenth, at the end. */
  readonly rssMb: readonly number[];
  /** The same for its open files, at rest. */
  readonly files: readonly number[];
}

type Restart = "pod" | "proxy" | "host";

interface Figures {
  readonly connections: number;
  readonly failures: readonly string[];
}

/** A host with its proxy, its replica of the one pod, and its clients. */
class SoakHost implements AsyncDisposable {
  busy = false;
  #pod: Program | undefined;
  #told: Promise<unknown> = Promise.resolve();

  private constructor(readonly host: ProxyHost, readonly load: Program) {}

  static async start(ip: string, others: readonly string[], clients: number): Promise<SoakHost> {
    const host = await ProxyHost.create({ ip, others, conf: "DRAINSECONDS 30\n" });
    const soak = new SoakHost(host, Program.helper([], "load", ip, PORT_A, clients));
    await soak.startPod();
    await host.start();
    return soak;
  }

  async startPod(): Promise<void> {
    this.#pod = Program.helper([], "pod", this.host.ip, HOST_PORT, this.host.ip);
    await this.#pod.until("ready");
    await this.host.map({ hostPort: HOST_PORT });
  }

  async stopPod(): Promise<void> {
    await this.host.map();
    await pause(ROUTES_FIRST_MS);
    await this.#pod?.end("SIGTERM");
  }

  async restart(what: Restart, takeover: boolean): Promise<void> {
    if (what !== "proxy") await this.stopPod();
    if (what !== "pod") {
      if (takeover) await this.host.replace();
      else {
        await this.tell("pause");
        await this.host.stop();
        await this.host.start();
        await this.tell("go");
      }
    }
    if (what !== "proxy") await this.startPod();
  }

  /** Tells the clients something, after what they were told before; gives their figures. */
  tell(command: "go" | "pause" | "figures"): Promise<Figures> {
    const answer = this.#told.then(async () => {
      await this.load.tell(command);
      return await this.load.json(120_000);
    });
    this.#told = answer;
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.load.end("SIGKILL");
    await this.#pod?.end("SIGKILL");
    await this.host[Symbol.asyncDispose]();
  }
}

/** Runs a soak. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { connections, clients, takeover = false, seed = 1, say = () => {} } = options;
  const random = new Random(seed);
  await using stack = new AsyncDisposableStack();
  const ips = [freshAddress(), freshAddress(), freshAddress()];
  const hosts: SoakHost[] = [];
  for (const ip of ips) hosts.push(stack.use(await SoakHost.start(ip, ips, clients)));
  const watched = hosts[0]!.host;
  const restarts = { pod: 0, proxy: 0, host: 0 };
  let over = false;
  /** Two of these run, so one host of three is always whole. */
  const trouble = async () => {
    while (!over) {
      const host = random.pick(hosts.filter(({ busy }) => !busy));
      host.busy = true;
      const what = host === hosts[0] ? "pod" : random.pick<Restart>(["pod", "proxy", "host"]);
      await host.restart(what, takeover);
      restarts[what]++;
      host.busy = false;
      await pause(200 + random.below(800));
    }
  };
  const begin = performance.now();
  const figures = (command: "go" | "pause" | "figures") =>
    Promise.all(hosts.map((host) => host.tell(command)));
  // What is made once, such as connections kept ready, is there after this.
  await figures("go");
  await pause(1500);
  await figures("pause");
  await pause(500);
  const [rssMb, files] = [[watched.rssMb], [watched.files]];
  await figures("go");
  const said = new Set<string>();
  const troubles = Promise.all([trouble(), trouble()]);
  for (let made = 0, told = 0; made < connections;) {
    await Promise.race([pause(500), troubles]);
    const now = await figures("figures");
    made = sum(now.map((each) => each.connections));
    for (const { failures } of now) {
      for (const failure of failures) {
        if (!said.has(failure)) say(`failed: ${failure}`);
        said.add(failure);
      }
    }
    const tenths = Math.floor(made / connections * 10);
    if (tenths <= told) continue;
    told = tenths;
    if (rssMb.length === 1) rssMb.push(watched.rssMb);
    const failed = sum(now.map(({ failures }) => failures.length));
    say(`${made} connections, ${failed} failed, ${watched.rssMb.toFixed(0)} MB`);
  }
  over = true;
  await troubles;
  const last = await figures("pause");
  const seconds = (performance.now() - begin) / 1000;
  await pause(1000);
  rssMb.push(watched.rssMb);
  files.push(watched.files);
  return {
    connections: sum(last.map((each) => each.connections)),
    failures: last.flatMap(({ failures }) => failures),
    seconds,
    restarts,
    rssMb,
    files,
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

if (import.meta.main) {
  const numbers = Deno.args.filter((arg) => /^\d+$/.test(arg)).map(Number);
  const [connections = 1_000_000, clients = 8] = numbers;
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const engine = Deno.env.get("PROXY_ENGINE") ?? "as by default";
  const takeover = Deno.args.includes("--takeover");
  console.log(
    `${connections} connections, ${clients} clients on each of 3 hosts, seed ${seed}, engine ${engine}`,
  );
  const report = await soak({ connections, clients, takeover, seed, say: console.log });
  const { failures, seconds, restarts, rssMb, files } = report;
  console.log(
    `${report.connections} connections in ${seconds.toFixed(0)} s: ` +
      `${(report.connections / seconds).toFixed(0)} a second; restarts: ${restarts.pod} pods, ` +
      `${restarts.proxy} proxies, ${restarts.host} hosts`,
  );
  const [start, tenth, end] = rssMb.map((each) => each.toFixed(0));
  console.log(
    `RSS of a proxy: ${start} MB at the start, ${tenth} MB after 10 %, ${end} MB at the end`,
  );
  console.log(`its open files: ${files.join(" at the start, ")} at the end`);
  console.log(`failed: ${failures.length}`);
  for (const failure of failures.slice(0, 20)) console.log(`  ${failure}`);
  Deno.exit(failures.length === 0 ? 0 : 1);
}
