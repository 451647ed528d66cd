/** A cluster project with local hosts and their daemons, made with the real programs. */
import { join } from "node:path";
import { eventually, type Ran, run } from "../shell/pod_folder.ts";

const root = new URL("../../", import.meta.url).pathname;

/** The two hosts, and the loopback address of each. */
export const HOSTS = { h1: "127.0.0.2", h2: "127.0.0.3" } as const;
export type HostName = keyof typeof HOSTS;

/** The example that runs as a container, or as a program. */
export type WebKind = "container" | "program";

export interface ClusterOptions {
  /** Loopback address by the name of the host; {@link HOSTS} by default. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Changes the source of the web pod before it is compiled. */
  readonly prepare?: (source: string) => Promise<void>;
}

export class LocalCluster implements AsyncDisposable {
  readonly project: string;
  private readonly daemons = new Map<string, Deno.ChildProcess>();

  private constructor(
    readonly dir: string,
    readonly hosts: Readonly<Record<string, string>>,
    private readonly env: Record<string, string>,
  ) {
    this.project = join(dir, "demo");
  }

  /** Creates the project with all hosts initialised and the proxy and web pods attached, compiled and committed. */
  static async create(kind: WebKind, options: ClusterOptions = {}): Promise<LocalCluster> {
    const hosts = options.hosts ?? HOSTS;
    const dir = await Deno.makeTempDir({ prefix: "cluster-" });
    const gitConfig = join(dir, "gitconfig");
    await Deno.writeTextFile(
      gitConfig,
      "[user]\nname = e2e\nemail = e2e@localhost\n[init]\ndefaultBranch = main\n",
    );
    const cluster = new LocalCluster(dir, hosts, {
      ...Deno.env.toObject(),
      PATH: `${root}scripts/bin:${Deno.env.get("PATH")}`,
      GIT_CONFIG_GLOBAL: gitConfig,
    });
    await cluster.must(dir, "sns", "cluster", "create", "demo");
    for (const [host, address] of Object.entries(hosts)) {
      await cluster.sns(
        "host",
        "register",
        host,
        "--address=local",
        `--dir-home=${join(dir, host)}`,
        `--router-address=${address}:32767`,
      );
      await cluster.sns("host", "init", host);
    }
    const source = join(cluster.project, "_pods", "web");
    await Deno.mkdir(join(cluster.project, "_pods"), { recursive: true });
    await cluster.must(root, "cp", "-r", `examples/web-${kind}`, source);
    await options.prepare?.(source);
    await cluster.must(source, "git", "init", "-q");
    await cluster.commit("web 1.0.0", source);
    for (const pod of ["proxy", "web"]) {
      for (const host of Object.keys(hosts)) await cluster.sns("host", "attach", `${pod}@${host}`);
    }
    await cluster.commit("Attach the pods");
    for (const pod of ["proxy", "web"]) await cluster.sns("pod", "compile", pod);
    await cluster.commit("Compile the pods");
    return cluster;
  }

  /** Runs a program; any exit code will do. */
  try(cwd: string, command: string, ...args: string[]): Promise<Ran> {
    return run(command, args, { cwd, env: this.env, clearEnv: true });
  }

  /** Runs a program that has to succeed, and returns what it prints. */
  async must(cwd: string, command: string, ...args: string[]): Promise<string> {
    const { code, out, err } = await this.try(cwd, command, ...args);
    if (code !== 0) {
      throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${out}${err}`);
    }
    return out;
  }

  /** Starts `sns` without waiting for its end. */
  spawn(...args: string[]): Deno.ChildProcess {
    return new Deno.Command("sns", {
      args,
      cwd: this.project,
      env: this.env,
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  }

  sns(...args: string[]): Promise<string> {
    return this.must(this.project, "sns", ...args);
  }

  async commit(message: string, dir = this.project): Promise<void> {
    await this.must(dir, "git", "add", ".");
    await this.must(dir, "git", "commit", "-q", "-m", message);
  }

  /** Sets the state of a pod on a host, commits and syncs. */
  async setState(ref: string, state: "running" | "stopped" | "removed"): Promise<void> {
    await this.sns("pod", "state", ref, "-s", state);
    await this.commit(`${ref} ${state}`);
    await this.sns("cluster", "sync");
  }

  home(host: string): string {
    return join(this.dir, host);
  }

  /** A file of the web pod's release on a host. */
  release(host: string, file: string): string {
    return join(this.releaseOf(host, "web", "1.0.0"), file);
  }

  /** The directory of a release on a host. */
  releaseOf(host: string, pod: string, version: string): string {
    return join(this.home(host), "pods", pod, "release", version);
  }

  startDaemon(host: string): void {
    const log = join(this.dir, `simplenetesd-${host}.log`);
    // The shell only opens the log: Deno cannot give a file to a child.
    const daemon = new Deno.Command("sh", {
      args: ["-c", 'exec simplenetesd "$1" 2>>"$2"', "sh", this.home(host), log],
      env: this.env,
      clearEnv: true,
      stdin: "null",
    }).spawn();
    this.daemons.set(host, daemon);
  }

  async stopDaemon(host: string, signal: Deno.Signal = "SIGTERM"): Promise<void> {
    const daemon = this.daemons.get(host);
    if (!daemon) return;
    this.daemons.delete(host);
    daemon.kill(signal);
    await daemon.status;
  }

  daemonLog(host: string): Promise<string> {
    return Deno.readTextFile(join(this.dir, `simplenetesd-${host}.log`));
  }

  /** One request to the web pod's cluster port at a host's proxy: the page, or the error's text. */
  async ask(host: string): Promise<string> {
    const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    try {
      const response = await fetch(`http://${this.hosts[host]}:61000/`, {
        client,
        signal: AbortSignal.timeout(10_000),
      });
      return (await response.text()).trim();
    } catch (error) {
      return String(error);
    } finally {
      client.close();
    }
  }

  /** Waits until the proxy of `host` is answered by the web pod of `from`. */
  async answered(host: string, from: string): Promise<void> {
    try {
      await eventually(
        `${host} is answered from ${from}`,
        async () => (await this.ask(host)).startsWith(`web on ${this.hosts[from]},`),
        60_000,
      );
    } catch (error) {
      throw new Error(`${error}\n${await this.report()}`);
    }
  }

  /** What there is to know about both hosts, for a test that fails. */
  async report(): Promise<string> {
    const parts: string[] = [];
    for (const host of Object.keys(this.hosts)) {
      const pods = await this.try(
        this.dir,
        "sh",
        "-c",
        'cd "$1" && for file in portmappings.conf pods/*/release/*/pod.state pods/*/release/*/.pod.status; do echo "-- $file"; cat "$file"; done; for pod in pods/*/release/*/pod; do echo "-- $pod logs"; "$pod" logs -l -20; done',
        "sh",
        this.home(host),
      );
      parts.push(
        `== ${host}: ${await this.ask(host)}`,
        pods.out + pods.err,
        this.daemons.has(host) ? await this.daemonLog(host) : "(no daemon runs)",
      );
    }
    return parts.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of [...this.daemons.keys()]) await this.stopDaemon(host);
    for (const host of Object.keys(this.hosts)) {
      await this.try(
        this.dir,
        "sh",
        "-c",
        'for pod in "$1"/pods/*/release/*/pod; do [ ! -f "$pod" ] || { "$pod" rm --kill; "$pod" purge; }; done',
        "sh",
        this.home(host),
      );
    }
    await Deno.remove(this.dir, { recursive: true });
  }
}
