/**
 * An ingress as the official pod starts it, with the configuration that sns makes, on HAProxy of this
 * machine; behind it a proxy and whatever a test puts there as pods.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { configId, formatHaproxyCfg } from "../../cli/ingress/haproxy_cfg.ts";
import { parseIngressConf } from "../../cli/ingress/ingress_conf.ts";
import { planIngress } from "../../cli/ingress/plan.ts";
import { OFFICIAL_PODS } from "../../pods/mod.ts";
import { freshAddress } from "../../proxy/test_kit.ts";
import { exists } from "../../cli/testing/exists.ts";
import { whyMissing } from "../proxy/other_programs.ts";
import { Program } from "../proxy/program.ts";
import { ProxyHost } from "../proxy/proxy_host.ts";
import { eventually, type Ran, run } from "../shell/pod_folder.ts";
import { officialTemplates } from "./cases.ts";

/** Why there is no such lab here; `undefined` when there can be. */
export const missing = await whyMissing("haproxy", "curl", "openssl", "busybox");

/** Public ports of the lab's ingress. */
export const PORT = { http: 8080, https: 8443, plain: 8025, sni: 8993 } as const;

/** One rule, as pod.ingress.conf has it; `to` is a cluster port or another action. */
export function rule(
  protocol: "http" | "https" | "tcp",
  criteria: Readonly<Record<string, string | number>>,
  to: number | string,
): string {
  const bind = criteria.bind ?? (protocol === "tcp" ? PORT.plain : PORT[protocol]);
  const rest = Object.entries({ host: "", ...criteria }).filter(([key]) => key !== "bind");
  return [
    `bind ${bind}`,
    `protocol ${protocol}`,
    ...rest.map(([key, value]) => `${key} ${value}`),
    typeof to === "number" ? `clusterport ${to}` : to,
  ].map((line) => `${line}\n`).join("");
}

export interface LabOptions {
  /** The content of pod.ingress.conf. */
  readonly rules: string;
  /** The content of cluster-vars.env, without `ingress_`. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Where the public ports are; the lab's own address by default. */
  readonly bind?: string;
  /** Whether the pod's scripts find nothing but busybox's programs and curl. */
  readonly busybox?: boolean;
  /** Puts more files beside the pod's configs, `usercerts/default.pem` for one. */
  readonly files?: (dir: string) => Promise<void>;
  /** Leaves haproxy.cfg out at first. */
  readonly unconfigured?: boolean;
}

export class IngressLab implements AsyncDisposable {
  #haproxy: Program | undefined;

  private constructor(
    readonly ip: string,
    readonly dir: string,
    readonly proxy: ProxyHost,
    private readonly options: LabOptions,
  ) {}

  /** Makes and starts one; its proxy knows no pods yet. */
  static async start(options: LabOptions): Promise<IngressLab> {
    const ip = freshAddress();
    const dir = await Deno.makeTempDir({ prefix: "ingress-lab-" });
    await Deno.chmod(dir, 0o755);
    const conf = "CLUSTERPORTS 61000-61019,64000\n";
    const proxy = await ProxyHost.create({ ip, others: [], conf });
    const lab = new IngressLab(ip, dir, proxy, options);
    try {
      for (const [path, text] of OFFICIAL_PODS.get("ingress")!.configs) {
        await Deno.mkdir(join(dir, path, ".."), { recursive: true });
        await Deno.writeTextFile(join(dir, path), text);
      }
      await Deno.mkdir(join(dir, "autocerts"));
      await options.files?.(dir);
      if (!options.unconfigured) await lab.configure(options.rules);
      await proxy.start();
      await lab.#launch();
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
    return lab;
  }

  get haproxy(): Program {
    assert.ok(this.#haproxy);
    return this.#haproxy;
  }

  /** Writes haproxy.cfg for other rules; gives its id. HAProxy is not told. */
  async configure(
    rules: string,
    change: (cfg: string) => string = (cfg) => cfg,
  ): Promise<string> {
    const given = Object.entries(this.options.variables ?? {});
    const env = Object.fromEntries(given.map(([name, value]) => [`ingress_${name}`, value]));
    const { fragments, options } = officialTemplates({ ingress_connRate: "", ...env });
    const parsed = parseIngressConf(rules);
    assert.deepEqual(parsed.problems, []);
    const source = { pod: "web", version: "1.0.0", file: "web:1.0.0", rules: parsed.rules };
    const plan = planIngress([source]);
    assert.deepEqual(plan.errors, []);
    const defaultCertificate = await exists(join(this.dir, "usercerts/default.pem"));
    const cfg = formatHaproxyCfg(plan, fragments, { ...options, defaultCertificate });
    // Here no /etc/hosts leads to the proxy of just this host.
    const text = change(cfg.replaceAll(" proxy:", ` ${this.ip}:`));
    const temporary = join(this.dir, "haproxy.cfg.new");
    await Deno.writeTextFile(temporary, text);
    await Deno.rename(temporary, join(this.dir, "conf/haproxy.cfg"));
    return configId(cfg)!;
  }

  async #environment(): Promise<string[]> {
    const path = this.options.busybox ? [`PATH=${await this.#busybox()}`] : [];
    const { bind = this.ip } = this.options;
    return ["env", `PROXY_HOST=${this.ip}`, `BIND_ADDRESS=${bind}`, "FETCH_SECONDS=1", ...path];
  }

  /** A directory with busybox under all its names. */
  async #busybox(): Promise<string> {
    const dir = join(this.dir, "busybox");
    if (await Deno.stat(dir).then(() => true, () => false)) return dir;
    await Deno.mkdir(dir);
    const { out } = await run("sh", ["-c", "command -v busybox; command -v curl; busybox --list"]);
    const [program, curl, ...applets] = out.trim().split("\n");
    for (const applet of applets) await Deno.symlink(program!, join(dir, applet));
    // Its static wget dies on Debian of looking up any name.
    await Deno.symlink(curl!, join(dir, "curl"));
    return dir;
  }

  async #launch(): Promise<void> {
    const command = [...await this.#environment(), "sh", join(this.dir, "bin/start.sh")];
    this.#haproxy = new Program(command);
    if (this.options.unconfigured) return;
    await eventually("HAProxy serves", async () => (await this.script("served.sh")).code === 0);
  }

  /** Runs one of the pod's scripts beside HAProxy, as a probe does. */
  async script(name: string): Promise<Ran> {
    const [env, ...words] = await this.#environment();
    return await run(env!, [...words, "sh", join(this.dir, "bin", name)]);
  }

  /** Id of the configuration that HAProxy runs. */
  async served(): Promise<string> {
    return (await this.script("served.sh")).out.trim();
  }

  /** Signals as the pod's supervisor does after a change. */
  reload(): void {
    Deno.kill(this.haproxy.pid, "SIGUSR2");
  }

  /** Writes other rules, reloads, and waits until they are served. */
  async switchTo(rules: string): Promise<void> {
    const id = await this.configure(rules);
    this.reload();
    await eventually(`${id} is served`, async () => await this.served() === id);
  }

  /** curl, with all names at the lab's address. */
  async curl(...args: string[]): Promise<Ran> {
    const to = this.options.bind?.includes(":") ? `[${this.options.bind}]` : this.ip;
    return await run("curl", ["-sS", "-m", "20", "--connect-to", `::${to}:`, ...args]);
  }

  /** Status and body of a request. */
  async get(url: string, ...args: string[]): Promise<{ status: number; body: string }> {
    const { out, err, code } = await this.curl("-w", "\n%{http_code}", url, ...args);
    assert.equal(code, 0, `curl ${url}: ${err}`);
    const at = out.lastIndexOf("\n");
    return { status: Number(out.slice(at + 1)), body: out.slice(0, at) };
  }

  /** The access log so far. */
  // deno-lint-ignore no-explicit-any -- any JSON
  get accessLog(): any[] {
    return this.haproxy.lines.filter((line) => line.startsWith("{")).map((line) =>
      JSON.parse(line)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It passes TERM on; killed, it would leave HAProxy.
    if (this.#haproxy !== undefined) await this.#haproxy.end("SIGTERM");
    await this.proxy[Symbol.asyncDispose]();
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** A pod that answers HTTP requests with what it saw of them, and echoes on websockets. */
export function webPod(hostname: string, name: string): { port: number; close(): Promise<void> } {
  const server = Deno.serve({ hostname, port: 0, onListen: () => {} }, (request) => {
    if (request.headers.get("upgrade") === "websocket") {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(`${name}: ${data}`);
      return response;
    }
    const { pathname, search } = new URL(request.url);
    return Response.json({
      pod: name,
      host: request.headers.get("host"),
      path: pathname + search,
      for: request.headers.get("x-forwarded-for"),
      proto: request.headers.get("x-forwarded-proto"),
    });
  });
  return { port: server.addr.port, close: () => server.shutdown() };
}

/** Makes a certificate for `names` that is its own CA: the files for a server and for who trusts it. */
export async function makeCertificate(
  dir: string,
  name: string,
  ...names: string[]
): Promise<{ pem: string; ca: string }> {
  const [key, ca] = [join(dir, `${name}.key`), join(dir, `${name}.crt`)];
  const alternatives = [name, ...names].map((each) => `DNS:${each}`).join();
  const made = await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-keyout", key, "-out", ca, "-subj", `/CN=${name}`],
    ...["-addext", `subjectAltName=${alternatives}`],
  ]);
  assert.equal(made.code, 0, made.err);
  return { pem: await Deno.readTextFile(ca) + await Deno.readTextFile(key), ca };
}
