/** Two load balancers with the ingress pod before two workers with a web pod; clients are outside. */
import { join } from "node:path";
import { configId } from "../../cli/ingress/haproxy_cfg.ts";
import { OFFICIAL_PODS } from "../../pods/mod.ts";
import { ANSWERING_CFG, type AnsweringOptions, answeringPod } from "../ingress/answering_pod.ts";
import { INGRESS_IMAGE } from "../ingress/image.ts";
import { makeCertificate } from "../ingress/lab.ts";
import { eventually, type Ran } from "../shell/pod_folder.ts";
import { HostsCluster } from "./cluster.ts";
import { OutsideLoad } from "./load.ts";

/** The hosts with the ingress. */
export const BALANCERS = ["lb1", "lb2"] as const;
/** The hosts with the web pod. */
export const WORKERS = ["w1", "w2"] as const;
/** Those who ask. */
const CLIENTS = ["eve", "frank"] as const;

const PUBLIC = { http: 80, https: 443 } as const;

/** Lets the pods' account bind the public ports, now and after a boot. */
const LOW_PORTS = `echo net.ipv4.ip_unprivileged_port_start=80 >/etc/sysctl.d/ports.conf
sysctl -q -p /etc/sysctl.d/ports.conf`;

export class IngressCluster implements AsyncDisposable {
  private constructor(readonly hosts: HostsCluster) {}

  /** With version 1.0.0 served over both load balancers. */
  static async create(): Promise<IngressCluster> {
    const lans = (names: readonly string[], nets: readonly ("front" | "back")[]) =>
      names.map((name) => [name, nets] as const);
    const hosts = await HostsCluster.create({
      operators: ["alice", ...CLIENTS],
      hosts: Object.fromEntries([
        ...lans(BALANCERS, ["front", "back"]),
        ...lans(WORKERS, ["back"]),
      ]),
      image: "ingress",
    });
    const cluster = new IngressCluster(hosts);
    try {
      await cluster.#prepare();
      return cluster;
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    const { hosts } = this;
    for (const name of BALANCERS) await hosts.host(name).run(LOW_PORTS);
    await this.version("1.0.0");
    await hosts.write({ "_pods/web/config/site/haproxy.cfg": ANSWERING_CFG });
    // The clients ask more often than others may.
    await this.setVariables(`ingress_image=${INGRESS_IMAGE}`, "ingress_connRate=");
    const pods = [["proxy", [...BALANCERS, ...WORKERS]], ["web", WORKERS], ["ingress", BALANCERS]];
    for (const [pod, names] of pods as [string, string[]][]) {
      for (const name of names) await hosts.sns("host", "attach", `${pod}@${name}`);
    }
    // The clients ask by address, so they name no host.
    const { pem } = await makeCertificate(hosts.operator.dir, "web.test");
    await hosts.write({ "_config/ingress/usercerts/default.pem": pem });
    await hosts.commit("Attach");
    for (const [pod] of pods) await hosts.sns("pod", "compile", pod as string);
    await this.makeIngress("Ingress");
    await hosts.sns("cluster", "sync", "-q");
    await this.served("1.0.0");
  }

  /** Adds lines to cluster-vars.env. */
  async setVariables(...lines: string[]): Promise<void> {
    const file = join(this.hosts.project, "cluster-vars.env");
    await Deno.writeTextFile(file, `${lines.join("\n")}\n`, { append: true });
  }

  /** Makes the configuration of the load balancers anew and commits it; it is not delivered. */
  async makeIngress(message: string): Promise<void> {
    await this.hosts.sns("cluster", "geningress");
    await this.hosts.sns("pod", "updateconfig", "ingress");
    await this.hosts.commit(message);
  }

  /** Makes the source of the web pod that of another version; sources are no part of the project. */
  async version(version: string, options: Partial<AnsweringOptions> = {}): Promise<void> {
    const yaml = answeringPod(version, { ...PUBLIC, ...options });
    await this.hosts.write({ "_pods/web/pod.yaml": yaml });
  }

  /** Makes the source of the official proxy that of another version. */
  async nextProxy(version: string): Promise<void> {
    const { podYaml, configs } = OFFICIAL_PODS.get("proxy")!;
    const yaml = podYaml.replace(/^podVersion: .*$/m, `podVersion: ${version}`);
    const files = [...configs].map(([path, text]) => [`_pods/proxy/config/${path}`, text] as const);
    await this.hosts.write({ "_pods/proxy/pod.yaml": yaml, ...Object.fromEntries(files) });
  }

  /** `sns pod release` or `rollback`; its exit code and all it said. */
  async release(...args: string[]): Promise<{ code: number; text: string }> {
    const { code, out, err } = await this.hosts.try("pod", ...args);
    return { code, text: out + err };
  }

  /** Starts `sns pod release web --json`; `came` waits until it tells of a phase. */
  startRelease(): {
    came(phase: string): Promise<void>;
    end: Promise<{ code: number; text: string }>;
  } {
    const { lab, operator, project } = this.hosts;
    const child = lab.command(operator, ["sns", "pod", "release", "web", "--json"], {
      cwd: project,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let [text, over] = ["", false];
    const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const chunk of stream.pipeThrough(new TextDecoderStream())) text += chunk;
    };
    const end = Promise.all([child.status, read(child.stdout), read(child.stderr)])
      .then(([{ code }]) => ({ code, text })).finally(() => over = true);
    const came = (phase: string) =>
      eventually(`the release came to ${phase}`, () => {
        if (over) throw new Error(`the release has ended: ${text}`);
        return text.includes(`"phase":"${phase}","back":false`);
      }, 60_000);
    return { came, end };
  }

  address(name: typeof BALANCERS[number]): string {
    return this.hosts.lab.address(name, "front");
  }

  /** Kills the proxy of a host without warning, and waits until there is another. */
  async killProxy(name: string): Promise<void> {
    const host = this.hosts.host(name);
    const pids = async () => {
      const { out } = await host.try("ss -Hltnp 'sport = :32767' | grep -o 'pid=[0-9]*' | sort -u");
      return out.trim().replaceAll("pid=", "");
    };
    const before = await pids();
    await host.run('kill -KILL "$1"', before);
    await this.hosts.until(
      () => `${name} has another proxy than ${before}`,
      async () => !["", before].includes(await pids()),
    );
  }

  /** Who never stops asking; an answer that takes longer than `patienceMs` counts as none. */
  load({ pauseMs = 100, patienceMs = 20_000 } = {}): OutsideLoad {
    return OutsideLoad.start(
      this.hosts.lab,
      CLIENTS,
      BALANCERS.map((name) => this.address(name)),
      pauseMs,
      patienceMs,
    );
  }

  /** One request from outside, with a connection of its own. */
  ask(name: typeof BALANCERS[number], ...args: string[]): Promise<Ran> {
    const { lab } = this.hosts;
    const words = ["curl", "-ksS", "-m", "20", ...args, `https://${this.address(name)}/`];
    return lab.try(lab.operator(CLIENTS[0]), words);
  }

  /** Waits until all load balancers answer with `version`. */
  async served(version: string): Promise<void> {
    const got = new Map<string, string>();
    await this.hosts.until(
      () => `${version} is served, not ${JSON.stringify([...got])}`,
      async () => {
        for (const name of BALANCERS) {
          const { out, err } = await this.ask(name);
          got.set(name, out.trim() || err.trim());
        }
        return [...got.values()].every((each) => each === version);
      },
    );
  }

  /** Id of the configuration that the HAProxy of a load balancer runs, or why it can't be said. */
  async servedConfig(name: typeof BALANCERS[number]): Promise<string> {
    const { code, out, err } = await this.hosts.host(name).try(
      "curl -sS -m 5 http://127.0.0.1:32765/config",
    );
    return code === 0 ? out.trim() : err.trim();
  }

  /** Id of the configuration that they are to run. */
  async writtenConfig(): Promise<string> {
    const file = join(this.hosts.project, "_config/ingress/conf/haproxy.cfg");
    return configId(await Deno.readTextFile(file))!;
  }

  /** What the project says, without the logs. */
  async tree(): Promise<string> {
    const text = await this.hosts.must(this.hosts.project, "git", "ls-tree", "-r", "HEAD");
    return text.split("\n").filter((line) => !/log\.txt$|\t_synclogs\//.test(line)).join("\n");
  }

  /** `host version state` of all web pods by the hosts' own word. */
  async running(): Promise<string[]> {
    const text = await this.hosts.sns("cluster", "ps", "--pod=web", "--json");
    const { pods } = JSON.parse(text) as {
      pods: { host: string; version: string; live: string; drift: string[] }[];
    };
    return pods.map(({ host, version, live, drift }) => [host, version, live, ...drift].join(" "))
      .filter((line) => / running/.test(line)).sort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.hosts[Symbol.asyncDispose]();
  }
}
